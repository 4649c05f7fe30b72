import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref } from "vue";

import { api, body, type Schemas } from "@/api/client";

export type Run = Schemas["ExecutionOut"];

/** So many are looked at of either kind. */
export const MOST = 60;
const UNSTARTED = ["scheduled", "queued", "skipped"];

export interface RecentRuns {
  /** The newest first, whether they ran or not. */
  runs: ComputedRef<Run[]>;
  /** Whether there are older ones. */
  hasMore: ComputedRef<boolean>;
  isLoading: Ref<boolean>;
  isStale: Ref<boolean>;
  error: Ref<Error | null>;
  retry: () => void;
}

/** Put what ran and what did not into one order: the numbers of a job only grow. */
export function inOrder(started: readonly Run[], others: readonly Run[]): Run[] {
  const byId = new Map([...started, ...others].map((run) => [run.id, run]));
  return [...byId.values()].sort((a, b) => (b.number ?? 0) - (a.number ?? 0));
}

/**
 * The latest executions of a job.
 *
 * The list of the server puts what has no start behind all that has one, so both kinds are asked for.
 */
export function useRecentRuns(job: () => string, filter: () => { status?: string[]; origin?: string } = () => ({})): RecentRuns {
  const query = useQuery({
    queryKey: computed(() => ["job-runs", job(), filter()]),
    queryFn: async () => {
      const { status, origin } = filter();
      const page = (statuses: string[] | undefined) =>
        body(api.GET("/api/executions", { params: { query: { job_id: job(), status: statuses, origin, limit: MOST } as never } }));
      if (status) return [await page(status)];
      return Promise.all([page(undefined), page(UNSTARTED)]);
    },
    placeholderData: keepPreviousData,
    meta: { live: true },
  });
  const pages = computed(() => query.data.value ?? []);
  return {
    runs: computed(() => inOrder(pages.value[0]?.data ?? [], pages.value[1]?.data ?? [])),
    hasMore: computed(() => pages.value.some((page) => !!page.next_cursor)),
    isLoading: query.isPending,
    isStale: query.isPlaceholderData,
    error: query.error,
    retry: () => void query.refetch(),
  };
}
