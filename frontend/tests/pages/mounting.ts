import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { mount, type VueWrapper } from "@vue/test-utils";
import { NMessageProvider } from "naive-ui";
import { createPinia, disposePinia, setActivePinia } from "pinia";
import { onTestFinished, vi } from "vitest";
import { type Component, defineComponent, h } from "vue";
import { createMemoryHistory, createRouter } from "vue-router";

import { i18n } from "@/i18n";
import { useSession } from "@/stores/session";

/** A component in the page's surroundings, seen by somebody with these permissions. */
export function mounted(component: Component, props: Record<string, unknown>, permissions: string[]): VueWrapper {
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
  const pinia = createPinia();
  setActivePinia(pinia);
  useSession().me = { actor: "user:ha", username: "ha", roles: [], permissions, auth_enabled: true };
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: "/:rest(.*)*", component: { render: () => null } }] });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const page = defineComponent({ setup: () => () => h(NMessageProvider, () => h(component, props)) });
  const wrapper = mount(page, { global: { plugins: [pinia, router, i18n, [VueQueryPlugin, { queryClient: client }]] } });
  // Its clocks would go on when the document is gone.
  onTestFinished(() => {
    wrapper.unmount();
    disposePinia(pinia);
  });
  return wrapper;
}
