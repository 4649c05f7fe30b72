import "@/styles/base.css";

import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { createPinia } from "pinia";
import { createApp } from "vue";

import { whenSignedOut } from "@/api/client";
import { ApiError } from "@/api/errors";
import { i18n } from "@/i18n";
import { router } from "@/router";
import { useLive } from "@/stores/live";
import { useSession } from "@/stores/session";

import App from "./App.vue";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      // What was refused is refused again; what was not heard may be heard the next time.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.isOffline || error.status >= 500),
    },
  },
});

function toSignIn(): void {
  const next = location.pathname + location.search;
  location.assign(`/login?expired=1&next=${encodeURIComponent(next)}`);
}

async function start(): Promise<void> {
  const app = createApp(App);
  app.use(createPinia()).use(VueQueryPlugin, { queryClient: client }).use(i18n);
  whenSignedOut(toSignIn);
  const session = useSession();
  // The first start comes before anybody can sign in.
  const isFirst = location.pathname === "/welcome";
  try {
    if (!isFirst) await session.load();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
  }
  if (!isFirst) app.runWithContext(() => useLive().open());
  app.use(router).mount("#app");
}

void start();
