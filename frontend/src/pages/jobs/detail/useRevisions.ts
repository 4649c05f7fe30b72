import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref } from "vue";

import { api, body, type Schemas } from "@/api/client";

export type Revision = Schemas["RevisionOut"];

/** A revision with all that it says; it never changes, so it is asked for once. */
export function useRevision(job: () => string, version: () => number | null): { definition: ComputedRef<Record<string, unknown> | null>; error: Ref<Error | null>; retry: () => void } {
  const query = useQuery({
    queryKey: computed(() => ["job-revision", job(), version()]),
    queryFn: () => body(api.GET("/api/jobs/{job_id}/revisions/{version}", { params: { path: { job_id: job(), version: String(version() ?? 0) } } })),
    enabled: computed(() => version() !== null),
    staleTime: Infinity,
    retry: false,
  });
  return {
    definition: computed(() => (query.data.value?.data?.definition as Record<string, unknown> | undefined) ?? null),
    error: query.error,
    retry: () => void query.refetch(),
  };
}
