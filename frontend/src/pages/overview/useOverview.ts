import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type Ref } from "vue";

import { api, body, type Schemas } from "@/api/client";

export type Overview = Schemas["OverviewOut"];

/** All that the first page shows, in one answer: of one project, or of all. */
export function useOverview(project: Ref<string>) {
  return useQuery({
    queryKey: computed(() => ["overview", project.value]),
    queryFn: () => body(api.GET("/api/overview", { params: { query: project.value ? { project_id: project.value } : {} } })),
    placeholderData: keepPreviousData,
    meta: { live: true },
  });
}
