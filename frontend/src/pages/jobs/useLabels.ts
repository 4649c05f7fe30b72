import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef } from "vue";

import { api, body, type Schemas } from "@/api/client";

const HALF_HOUR = 30 * 60_000;

/** All projects and tags, to choose from and to name jobs' own by. */
export function useLabels(): { projects: ComputedRef<Schemas["ProjectOut"][]>; tags: ComputedRef<Schemas["TagOut"][]>; projectName: (id: string | undefined) => string } {
  const projects = useQuery({
    queryKey: ["projects"],
    queryFn: () => body(api.GET("/api/projects", { params: { query: { limit: 1000 } as never } })),
    staleTime: HALF_HOUR,
  });
  const tags = useQuery({ queryKey: ["tags"], queryFn: () => body(api.GET("/api/tags", { params: { query: { limit: 1000 } as never } })), staleTime: HALF_HOUR });
  const list = computed(() => projects.data.value?.data ?? []);
  return {
    projects: list,
    tags: computed(() => tags.data.value?.data ?? []),
    projectName: (id) => list.value.find((project) => project.id === id)?.name ?? id ?? "",
  };
}
