import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef } from "vue";

import { api, body, type Schemas } from "@/api/client";

const MINUTE = 60_000;

/** How many jobs there are of each kind, and what their list can be narrowed to. */
export function useJobFacets(): ComputedRef<Schemas["JobFacetsOut"] | undefined> {
  const query = useQuery({ queryKey: ["job-facets"], queryFn: () => body(api.GET("/api/jobs/facets")), staleTime: MINUTE / 4, refetchInterval: MINUTE / 4 });
  return computed(() => query.data.value?.data);
}

/** How many executions there are of each kind, and how the last 24 hours went. */
export function useExecutionFacets(): ComputedRef<Schemas["ExecutionFacetsOut"] | undefined> {
  const query = useQuery({ queryKey: ["execution-facets"], queryFn: () => body(api.GET("/api/executions/facets")), staleTime: MINUTE / 4, refetchInterval: MINUTE / 4 });
  return computed(() => query.data.value?.data);
}
