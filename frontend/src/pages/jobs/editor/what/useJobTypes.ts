import { useQuery, type UseQueryReturnType } from "@tanstack/vue-query";

import { api, body } from "@/api/client";

export interface JobType {
  type?: string;
  title?: string;
  description?: string;
  schema?: Record<string, unknown>;
}

const HALF_HOUR = 30 * 60_000;

/** The types of jobs that this server knows, each with the schema of its spec. */
export function useJobTypes(): UseQueryReturnType<JobType[], Error> {
  return useQuery({
    queryKey: ["job-types"],
    queryFn: async () => (await body(api.GET("/api/job-types/schemas"))).data as JobType[],
    staleTime: HALF_HOUR,
  });
}
