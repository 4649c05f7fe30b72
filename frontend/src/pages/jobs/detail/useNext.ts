import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";

import { api, body } from "@/api/client";

import type { Job } from "../legal";

const COUNT = 4;

/** The next moments of a job, asked for once for all parts of its page. */
export function useNext(job: () => Job) {
  return useQuery({
    queryKey: computed(() => ["job-next", job().id, job().version]),
    queryFn: () => body(api.GET("/api/jobs/{job_id}/next", { params: { path: { job_id: job().id ?? "" }, query: { count: COUNT } } })),
    meta: { live: true },
  });
}
