import { useQueryClient } from "@tanstack/vue-query";
import { defineStore } from "pinia";
import { onScopeDispose, ref } from "vue";

/** What `GET /api/events` says: something changed in a job or one of its executions. */
export interface Change {
  type: string;
  job_id?: string;
  execution_id?: string;
  status?: string;
}

type Mark = "live" | "polling" | "offline";

/** At most so many repaints a second, however much changes. */
const COALESCE_MS = 250;
const POLL_MS = 5_000;

/** What is shown stays true: changes are pushed to the page, or asked for where that fails. */
export const useLive = defineStore("live", () => {
  const client = useQueryClient();
  const mark = ref<Mark>("polling");
  const lastSeen = ref(new Date());
  const listeners = new Set<(change: Change) => void>();
  let source: EventSource | null = null;
  let due: ReturnType<typeof setTimeout> | undefined;

  /** Have all that is shown and marked live asked for again, soon and once. */
  function refresh(): void {
    due ??= setTimeout(() => {
      due = undefined;
      lastSeen.value = new Date();
      void client.invalidateQueries({ predicate: (query) => query.meta?.live === true, refetchType: "active" });
    }, COALESCE_MS);
  }

  function open(): void {
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      mark.value = "live";
      refresh();
    });
    source.addEventListener("job-update", (event) => {
      const change = JSON.parse((event as MessageEvent<string>).data) as Change;
      for (const listen of listeners) listen(change);
      refresh();
    });
    source.addEventListener("error", () => {
      mark.value = navigator.onLine ? "polling" : "offline";
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(() => source ?? open(), POLL_MS);
      }
    });
  }

  const timer = setInterval(() => {
    if (mark.value !== "live" && !document.hidden) refresh();
  }, POLL_MS);
  onScopeDispose(() => {
    clearInterval(timer);
    source?.close();
  });

  /** Hear of each change as it comes; returns what ends that. */
  function listen(act: (change: Change) => void): () => void {
    listeners.add(act);
    return () => listeners.delete(act);
  }

  return { mark, lastSeen, open, listen, refresh };
});
