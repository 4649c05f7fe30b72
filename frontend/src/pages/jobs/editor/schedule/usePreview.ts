import { keepPreviousData, useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref, ref, watch } from "vue";

import { api, body, type Schemas } from "@/api/client";
import { ApiError, type Fault } from "@/api/errors";
import { useAppearance } from "@/stores/appearance";

import { toPreview, type WhenForm } from "./whenForm";

export interface Preview {
  said: ComputedRef<Schemas["PreviewOut"] | null>;
  words: ComputedRef<string>;
  faults: ComputedRef<Fault[]>;
  error: ComputedRef<Error | null>;
  isAsking: Ref<boolean>;
}

const PAUSE_MS = 300;

/** What the server says of the moments that the form describes, as soon as the typing pauses. */
export function usePreview(when: () => WhenForm): Preview {
  const appearance = useAppearance();
  const asked = ref(JSON.stringify(toPreview(when())));
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(
    () => JSON.stringify(toPreview(when())),
    (rule) => {
      clearTimeout(timer);
      timer = setTimeout(() => (asked.value = rule), PAUSE_MS);
    },
  );
  const query = useQuery({
    queryKey: computed(() => ["preview", asked.value]),
    queryFn: () => body(api.POST("/api/schedules/preview", { body: { schedule: JSON.parse(asked.value) as Record<string, unknown>, count: 10 } })),
    enabled: computed(() => asked.value !== "null"),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const isRefused = computed(() => query.error.value instanceof ApiError && query.error.value.status === 400);
  const said = computed(() => (asked.value === "null" || query.error.value ? null : (query.data.value?.data ?? null)));
  return {
    said,
    words: computed(() => said.value?.words?.[appearance.language] ?? ""),
    faults: computed(() => {
      if (asked.value === "null" || !isRefused.value) return [];
      // Of one that runs once, the form says the moment without a rule around it.
      const isOnce = when().kind === "once" || when().kind === "now";
      return (query.error.value as ApiError).faults.map((fault) => (isOnce ? { ...fault, field: fault.field.replace(/^schedule\./, "") } : fault));
    }),
    error: computed(() => (isRefused.value ? null : query.error.value)),
    isAsking: query.isFetching,
  };
}
