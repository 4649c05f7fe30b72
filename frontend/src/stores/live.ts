import { useQueryClient } from "@tanstack/vue-query";
import { defineStore } from "pinia";
import { onScopeDispose, ref } from "vue";

type Mark = "polling" | "offline";

/** Wishes that come together are served together. */
const COALESCE_MS = 250;
const POLL_MS = 5_000;

/** What is shown stays true: it is asked for again every few seconds, and after each change made here. */
export const useLive = defineStore("live", () => {
  const client = useQueryClient();
  const mark = ref<Mark>("polling");
  const lastSeen = ref(new Date());
  let due: ReturnType<typeof setTimeout> | undefined;

  /** Have all that is shown and marked live asked for again, soon and once. */
  function refresh(): void {
    due ??= setTimeout(() => {
      due = undefined;
      mark.value = navigator.onLine ? "polling" : "offline";
      if (navigator.onLine) lastSeen.value = new Date();
      void client.invalidateQueries({ predicate: (query) => query.meta?.live === true, refetchType: "active" });
    }, COALESCE_MS);
  }

  const timer = setInterval(() => {
    if (!document.hidden) refresh();
  }, POLL_MS);
  onScopeDispose(() => clearInterval(timer));

  return { mark, lastSeen, refresh };
});
