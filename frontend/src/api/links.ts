import { useQuery } from "@tanstack/vue-query";

import { api, body } from "@/api/client";

/** The addresses of other tools of the installation; they are fixed at its start. */
export function useLinks() {
  return useQuery({ queryKey: ["links"], queryFn: () => body(api.GET("/api/system/links")), staleTime: Infinity, retry: false });
}
