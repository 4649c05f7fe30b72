import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";

import { api, body, type Schemas } from "@/api/client";

import type { Span } from "./lanes";

type Execution = Schemas["ExecutionOut"];
const PAGE = 200;
const MOST_PAGES = 5;
const MOST_PLANNED = 2000;

/** All that started within a span, the newest first, as far as five pages reach; and what runs. */
async function executions(span: Span): Promise<{ rows: Execution[]; total: number }> {
  const dates = { date_from: new Date(span.from).toISOString(), date_to: new Date(span.to).toISOString() };
  const rows = new Map<string, Execution>();
  let cursor: string | null | undefined;
  let total = 0;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found = await body(api.GET("/api/executions", { params: { query: { ...dates, limit: PAGE, cursor: cursor ?? undefined } as never } }));
    for (const row of found.data ?? []) rows.set(row.id ?? "", row);
    if (page === 0) total = found.total ?? 0;
    cursor = found.next_cursor;
    if (!cursor) break;
  }
  const shown = rows.size;
  // What began before the span may still run in it.
  const running = await body(api.GET("/api/executions", { params: { query: { status: ["running", "cancelling"], limit: PAGE } as never } }));
  for (const row of running.data ?? []) rows.set(row.id ?? "", row);
  return { rows: [...rows.values()], total: total + rows.size - shown };
}

/** What a stretch of time holds; asked for again now and then, and when the stretch moves. */
export function useTimeline(span: Ref<Span>, seesJobs: Ref<boolean>, isShown: Ref<boolean>) {
  const key = computed(() => `${span.value.from}-${span.value.to}`);
  const past = useQuery({
    queryKey: computed(() => ["timeline", "past", key.value]),
    queryFn: () => executions(span.value),
    enabled: isShown,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  const planned = useQuery({
    queryKey: computed(() => ["timeline", "planned", key.value]),
    queryFn: () => body(api.GET("/api/stats/planned", { params: { query: { to: new Date(span.value.to).toISOString(), limit: MOST_PLANNED } } })),
    enabled: computed(() => isShown.value && seesJobs.value && span.value.to > Date.now()),
    refetchInterval: 30_000,
  });
  const jobs = useQuery({
    queryKey: ["jobs", "running"],
    queryFn: () => body(api.GET("/api/jobs", { params: { query: { status: ["running"], limit: 50 } } })),
    enabled: seesJobs,
    meta: { live: true },
  });
  return { past, planned, jobs };
}
