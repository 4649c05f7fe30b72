import { computed, type ComputedRef, type WritableComputedRef } from "vue";

import { useQueryText, useQueryTexts } from "@/lib/queryState";

export interface RunFilters {
  status: WritableComputedRef<string>;
  origin: WritableComputedRef<string>;
  query: ComputedRef<{ status?: string[]; origin?: string }>;
  isFiltered: ComputedRef<boolean>;
  clear: () => void;
}

/** Which executions of a job are shown, as the address says. */
export function useRunFilters(): RunFilters {
  const status = useQueryText("status");
  const origin = useQueryText("origin");
  const { values, clear } = useQueryTexts("status", "origin");
  return {
    status,
    origin,
    query: computed(() => ({ ...(status.value ? { status: status.value.split(",") } : {}), ...(origin.value ? { origin: origin.value } : {}) })),
    isFiltered: computed(() => Object.keys(values.value).length > 0),
    clear,
  };
}
