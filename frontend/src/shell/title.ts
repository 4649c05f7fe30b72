import { onBeforeUnmount, ref, watchEffect } from "vue";

/** The title that the open page gives itself, instead of that of its route. */
export const title = ref("");

/** Have the top bar and the browser's tab name the page by this text while it is open. */
export function useTitle(text: () => string): void {
  watchEffect(() => {
    title.value = text();
    document.title = title.value ? `${title.value} · OneOff` : "OneOff";
  });
  onBeforeUnmount(() => (title.value = ""));
}
