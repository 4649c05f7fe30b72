import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type Ref, ref, shallowRef, watch } from "vue";

import { api, body, type Schemas } from "@/api/client";
import type { Metric } from "@/components/log/useLog";
import { useClock } from "@/stores/clock";

export type Sample = Pick<Schemas["SampleOut"], "timestamp" | "cpu_percent" | "memory_bytes" | "memory_percent">;

/** Figures come every two seconds: after so long without one they are asked for instead. */
const SILENT_MS = 8_000;
/** With so many that were only heard the rows are asked for, which are thinned. */
const MOST_HEARD = 300;
const WAITS = new Set(["running", "cancelling", "queued", "scheduled"]);

const at = (sample: { timestamp: string }): number => Date.parse(sample.timestamp);

/** What an execution uses: the stored samples, and behind them those that were told meanwhile. */
export function useSamples(
  executionId: () => string,
  isRunning: () => boolean,
  metric: () => Metric | null,
): { samples: ComputedRef<readonly Sample[]>; error: Ref<Error | null>; refetch: () => unknown } {
  const clock = useClock();
  const isComplete = ref(false);
  const heard = shallowRef<readonly Sample[]>([]);
  const heardAt = ref(0);
  const isTold = computed(() => isRunning() && clock.now.getTime() - heardAt.value < SILENT_MS);

  const query = useQuery({
    queryKey: computed(() => ["execution-metrics", executionId()]),
    queryFn: async () => {
      const found = await body(api.GET("/api/executions/{execution_id}/metrics", { params: { path: { execution_id: executionId() } } }));
      isComplete.value = !WAITS.has(found.status);
      return found;
    },
    enabled: computed(() => isRunning() || !isComplete.value),
    meta: computed(() => ({ live: !isTold.value })),
  });
  const stored = computed<readonly Sample[]>(() => query.data.value?.data ?? []);
  const samples = computed(() => {
    const last = stored.value.at(-1);
    return last ? [...stored.value, ...heard.value.filter((sample) => at(sample) > at(last))] : heard.value;
  });

  watch(
    metric,
    (told) => {
      const last = samples.value.at(-1);
      if (!told || (last && at(told) <= at(last))) return;
      const hasHole = heardAt.value !== 0 && Date.now() - heardAt.value > SILENT_MS;
      const { timestamp, cpu_percent, memory_bytes, memory_percent } = told;
      heard.value = [...heard.value, { timestamp, cpu_percent, memory_bytes, memory_percent }];
      heardAt.value = Date.now();
      if (hasHole || heard.value.length % MOST_HEARD === 0) void query.refetch();
    },
    { immediate: true, flush: "sync" },
  );
  // What is stored need not be kept twice.
  watch(stored, (rows) => {
    const last = rows.at(-1);
    if (last) heard.value = heard.value.filter((sample) => at(sample) > at(last));
  });
  watch(isRunning, () => void query.refetch());
  return { samples, error: query.error, refetch: () => query.refetch() };
}
