import "@/styles/base.css";

import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { createPinia } from "pinia";
import { createApp } from "vue";

import { whenSignedOut } from "@/api/client";
import { ApiError } from "@/api/errors";
import { i18n } from "@/i18n";
import { router } from "@/router";
import { fetchAhead } from "@/shell/ahead";
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

/** Whether nobody can sign in yet, because there is nobody. */
async function isNew(): Promise<boolean> {
  const answer = await fetch("/setup/status").catch(() => null);
  const told: unknown = answer?.ok ? await answer.json() : null;
  return (told as { data?: { needed?: boolean } } | null)?.data?.needed === true;
}

async function toSignIn(): Promise<void> {
  if (await isNew()) {
    location.assign("/welcome");
    return;
  }
  const next = location.pathname + location.search;
  // Whoever comes for the first time has no session that could have ended.
  const ended = document.cookie.includes("oneoff_csrf=") ? "expired=1&" : "";
  location.assign(`/login?${ended}lang=${document.documentElement.lang}&next=${encodeURIComponent(next)}`);
}

async function start(): Promise<void> {
  const app = createApp(App);
  app.use(createPinia()).use(VueQueryPlugin, { queryClient: client }).use(i18n);
  whenSignedOut(() => void toSignIn());
  const session = useSession();
  // The first start comes before anybody can sign in.
  const isFirst = location.pathname === "/welcome";
  try {
    if (!isFirst) await session.load();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return;
  }
  app.use(router).mount("#app");
  if (!isFirst) void fetchAhead(router, session.may);
}

void start();
