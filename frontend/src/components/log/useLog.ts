import { computed, type ComputedRef, onScopeDispose, ref, type Ref, shallowRef, watch } from "vue";

import { api, body } from "@/api/client";

export interface Line {
  number: number;
  stream: "stdout" | "stderr" | "system";
  time: string;
  text: string;
}

/** So many lines are kept in the page; older ones are asked for again. */
const MOST_LINES = 200_000;
const PAGE = 10_000;
const POLL_MS = 1_000;

/** The lines of an execution, as they come: asked for again and again while it runs. */
export function useLog(executionId: () => string, isRunning: () => boolean): {
  lines: Ref<readonly Line[]>;
  error: Ref<unknown>;
  isReady: Ref<boolean>;
  bytes: ComputedRef<number>;
} {
  const lines = shallowRef<readonly Line[]>([]);
  const error = ref<unknown>(null);
  const isReady = ref(false);
  const bytes = computed(() => lines.value.reduce((sum, line) => sum + line.text.length + 1, 0));
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;

  async function load(mine: number): Promise<void> {
    try {
      for (;;) {
        const wasRunning = isRunning();
        const path = { execution_id: executionId() };
        const page = await body(api.GET("/api/executions/{execution_id}/logs", { params: { path, query: { after: last, limit: PAGE } } }));
        if (mine !== round) return;
        const fresh = (page.data ?? []) as Line[];
        if (fresh.length) {
          last = fresh.at(-1)?.number ?? last;
          lines.value = [...lines.value, ...fresh].slice(-MOST_LINES);
        }
        error.value = null;
        isReady.value = true;
        if (fresh.length < PAGE) {
          if (wasRunning) timer = setTimeout(() => void load(mine), POLL_MS);
          return;
        }
      }
    } catch (reason) {
      if (mine !== round) return;
      error.value = reason;
      timer = setTimeout(() => void load(mine), 5 * POLL_MS);
    }
  }

  function begin(): void {
    clearTimeout(timer);
    round += 1;
    void load(round);
  }

  watch(
    executionId,
    () => {
      [last, lines.value, isReady.value] = [0, [], false];
      begin();
    },
    { immediate: true },
  );
  // Once more when it has ended: the last lines may have come after the last question.
  watch(isRunning, begin);
  onScopeDispose(() => {
    round += 1;
    clearTimeout(timer);
  });
  return { lines, error, isReady, bytes };
}
