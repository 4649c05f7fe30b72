import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed } from "vue";

import { api, body } from "@/api/client";
import { useClock } from "@/stores/clock";
import { useSession } from "@/stores/session";

import { QUARTER, stretch } from "./day";

const WEEK_MS = 7 * 24 * 60 * 60_000;
const live = { meta: { live: true }, placeholderData: keepPreviousData } as const;

/** What the first page asks; each part has an answer and an error of its own. */
export function useOverview() {
  const clock = useClock();
  const session = useSession();
  const seesRuns = computed(() => session.may("execution:read"));
  const seesJobs = computed(() => session.may("job:read"));
  const quarter = computed(() => Math.floor(clock.now.getTime() / QUARTER));

  const executions = (status: string[], limit: number) =>
    body(api.GET("/api/executions", { params: { query: { status, limit } as never } }));

  return {
    status: useQuery({ queryKey: ["status"], queryFn: () => body(api.GET("/api/system/status")), ...live }),
    day: useQuery({
      queryKey: computed(() => ["stats", "timeline", quarter.value]),
      queryFn: () => body(api.GET("/api/stats/timeline", { params: { query: { ...stretch(Date.now()), bucket_seconds: QUARTER / 1000 } } })),
      placeholderData: keepPreviousData,
      // Counted over a day: once in a while will do, however much happens.
      refetchInterval: 20_000,
    }),
    troubles: useQuery({
      queryKey: ["stats", "troubles"],
      queryFn: () => body(api.GET("/api/stats/troubles", { params: { query: { hours: 24 } } })),
      enabled: seesRuns,
      ...live,
    }),
    dead: useQuery({
      queryKey: ["dead-letters", "groups", "some"],
      queryFn: () => body(api.GET("/api/dead-letters/groups", { params: { query: { limit: 5 } } })),
      enabled: seesRuns,
      ...live,
    }),
    deadStats: useQuery({
      queryKey: ["dead-letters", "stats"],
      queryFn: () => body(api.GET("/api/dead-letters/stats")),
      enabled: seesRuns,
      ...live,
    }),
    running: useQuery({ queryKey: ["executions", "running"], queryFn: () => executions(["running", "cancelling"], 10), enabled: seesRuns, ...live }),
    runningJobs: useQuery({
      queryKey: ["jobs", "running"],
      queryFn: () => body(api.GET("/api/jobs", { params: { query: { status: ["running"], limit: 50 } } })),
      enabled: seesJobs,
      ...live,
    }),
    finished: useQuery({
      queryKey: ["executions", "finished"],
      queryFn: () => executions(["completed", "failed", "timeout", "cancelled", "dead_letter"], 6),
      enabled: seesRuns,
      ...live,
    }),
    planned: useQuery({
      queryKey: ["stats", "planned"],
      queryFn: () => {
        const to = new Date(Date.now() + WEEK_MS).toISOString();
        return body(api.GET("/api/stats/planned", { params: { query: { to, limit: 6, only_next: true } } }));
      },
      enabled: seesJobs,
      ...live,
    }),
    workers: useQuery({ queryKey: ["workers"], queryFn: () => body(api.GET("/api/workers")), ...live }),
    queues: useQuery({ queryKey: ["queues"], queryFn: () => body(api.GET("/api/queues")), ...live }),
  };
}
