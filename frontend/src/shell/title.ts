import { onBeforeUnmount, type Ref, ref, watchEffect } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute } from "vue-router";

/** The title that the open page gives itself, instead of that of its route. */
export const title = ref("");

/** Have the top bar and the browser's tab name the page by this text while it is open. */
export function useTitle(text: () => string): void {
  watchEffect(() => (title.value = text()));
  onBeforeUnmount(() => (title.value = ""));
}

/** The browser's tab: what page it is, and whether something needs a look, also by a dot. */
export function useTab(failing: Ref<number>): void {
  const { t, n } = useI18n();
  const route = useRoute();
  watchEffect(() => {
    const name = title.value || (route.meta.title ? t(route.meta.title) : "");
    const alarm = failing.value ? `● ${t("bar.failing", { count: n(failing.value) }, failing.value)}` : "";
    document.title = [alarm, name, "OneOff"].filter(Boolean).join(" · ");
    document.querySelector("link[rel=icon]")?.setAttribute("href", failing.value ? "/favicon-alert.svg" : "/favicon.svg");
  });
}
