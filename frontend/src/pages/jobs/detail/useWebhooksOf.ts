import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef } from "vue";

import { api, body, type Schemas } from "@/api/client";
import { useSession } from "@/stores/session";

import type { Job } from "../legal";

/** The webhooks that hear of a job: those of its project, and those of all. */
export function useWebhooksOf(job: () => Job): ComputedRef<Schemas["WebhookOut"][]> {
  const session = useSession();
  const query = useQuery({
    queryKey: ["webhooks-all"],
    queryFn: () => body(api.GET("/api/webhooks", { params: { query: { limit: 1000 } } })),
    enabled: computed(() => session.may("webhook:read")),
    retry: false,
  });
  return computed(() => (query.data.value?.data ?? []).filter((hook) => !hook.project_id || hook.project_id === job().project_id));
}
