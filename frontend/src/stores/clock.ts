import { defineStore } from "pinia";
import { onScopeDispose, ref } from "vue";

/** One clock for the whole page: all that ticks ticks together, and rests while the tab is hidden. */
export const useClock = defineStore("clock", () => {
  const now = ref(new Date());
  const tick = (): void => {
    if (!document.hidden) now.value = new Date();
  };
  const timer = setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  });
  return { now };
});
