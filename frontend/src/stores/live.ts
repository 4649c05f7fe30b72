import { type Query, useQueryClient } from "@tanstack/vue-query";
import { defineStore } from "pinia";
import { computed, onScopeDispose, ref, watch, watchEffect } from "vue";

import { ApiError } from "@/api/errors";
import { backoff } from "@/lib/backoff";
import { type Changes, concerns, isOfOne, isTold } from "@/lib/concerns";
import { isOffline } from "@/lib/offline";

import { useSession } from "./session";

export type Mark = "live" | "polling" | "paused" | "offline";

/** Changes that come together are shown together; lists and figures less often than single things. */
const COALESCE_MS = 250;
const LISTS_MS = 750;
const POLL_MS = 5_000;
/** So often all is asked for, whatever was told: time passes, too. */
const ALL_MS = 60_000;

const nothing = (): Changes => ({ jobs: new Set(), executions: new Set() });

/** What is shown stays true: changes are told by the server, or asked for every few seconds. */
export const useLive = defineStore("live", () => {
  const client = useQueryClient();
  const session = useSession();
  const isLost = ref(false);
  const isHidden = ref(document.hidden);
  const isHeard = ref(navigator.onLine);
  const lastSeen = ref(new Date());
  /** When the next try to reach the server is made. */
  const retryAt = ref<number | null>(null);
  const mark = computed<Mark>(() => {
    if (isHidden.value) return "paused";
    if (!isHeard.value) return "offline";
    return isLost.value ? "polling" : "live";
  });

  watchEffect(() => (isOffline.value = mark.value === "offline"));

  let source: EventSource | undefined;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let [forOne, forLists] = [nothing(), nothing()];
  let dueOne: ReturnType<typeof setTimeout> | undefined;
  let dueLists: ReturnType<typeof setTimeout> | undefined;
  let dueAll: ReturnType<typeof setTimeout> | undefined;
  let askedAllAt = Date.now();

  function askAgain(wanted: (query: Query) => boolean): void {
    void client.invalidateQueries({ predicate: (query) => query.meta?.live === true && wanted(query), refetchType: "active" });
  }

  function all(): void {
    askedAllAt = Date.now();
    askAgain(() => true);
  }

  /** Have all that is shown and marked live asked for again, soon and once. */
  function refresh(): void {
    dueAll ??= setTimeout(() => {
      dueAll = undefined;
      all();
    }, COALESCE_MS);
  }

  /** Have what shows these asked for again: single things at once, lists and figures soon. */
  function changed(job: string | null, execution: string | null): void {
    for (const changes of [forOne, forLists]) {
      if (job) changes.jobs.add(job);
      if (execution) changes.executions.add(execution);
    }
    dueOne ??= setTimeout(() => {
      const changes = forOne;
      [dueOne, forOne] = [undefined, nothing()];
      askAgain((query) => isOfOne(query.queryKey) && concerns(query.queryKey, changes));
    }, COALESCE_MS);
    dueLists ??= setTimeout(() => {
      const changes = forLists;
      [dueLists, forLists] = [undefined, nothing()];
      askAgain((query) => !isOfOne(query.queryKey) && concerns(query.queryKey, changes));
    }, LISTS_MS);
  }

  function hear(event: MessageEvent<string>): void {
    lastSeen.value = new Date();
    const told = JSON.parse(event.data) as { job_id: string | null; execution_id: string | null };
    changed(told.job_id, told.execution_id);
  }

  function open(): void {
    close();
    if (document.hidden || !session.me) return;
    source = new EventSource("/api/events");
    source.addEventListener("open", () => {
      [failures, isLost.value, isHeard.value, lastSeen.value] = [0, false, true, new Date()];
      // What happened while nobody listened is not told.
      refresh();
    });
    source.addEventListener("job-update", hear);
    source.addEventListener("gap", refresh);
    source.addEventListener("error", lose);
  }

  /** The browser would try again by itself, but always after the same time. */
  function lose(): void {
    close();
    [failures, isLost.value] = [failures + 1, true];
    const wait = backoff(failures);
    retryAt.value = Date.now() + wait;
    retry = setTimeout(open, wait);
    if (failures === 1) refresh();
  }

  function retryNow(): void {
    refresh();
    if (isLost.value) open();
  }

  function close(): void {
    clearTimeout(retry);
    source?.close();
    [source, retryAt.value] = [undefined, null];
  }

  function look(): void {
    isHidden.value = document.hidden;
    if (document.hidden) close();
    else if (!source) {
      [failures, isLost.value] = [0, false];
      refresh();
      open();
    }
  }

  /** Whether the server answers shows in what is asked for anyway. */
  const unsubscribe = client.getQueryCache().subscribe((event) => {
    if (event.type !== "updated") return;
    if (event.action.type === "success" && !event.action.manual) {
      [isHeard.value, lastSeen.value] = [true, new Date()];
    } else if (event.action.type === "error" || event.action.type === "failed") {
      const { error } = event.action;
      if (error instanceof ApiError && error.isOffline) isHeard.value = false;
    }
  });

  function tick(): void {
    if (document.hidden) return;
    if (isLost.value || Date.now() - askedAllAt >= ALL_MS) all();
    else askAgain((query) => !isTold(query.queryKey));
  }

  const timer = setInterval(tick, POLL_MS);
  const goOffline = (): void => {
    isHeard.value = false;
    lose();
  };
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", open);
  window.addEventListener("offline", goOffline);
  // Strangers are told nothing: it begins with the sign-in, and ends with the sign-out.
  watch(
    () => session.me !== null,
    (isIn) => (isIn ? open() : close()),
    { immediate: true },
  );

  onScopeDispose(() => {
    close();
    unsubscribe();
    clearInterval(timer);
    for (const due of [dueOne, dueLists, dueAll]) clearTimeout(due);
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("online", open);
    window.removeEventListener("offline", goOffline);
  });

  return { mark, lastSeen, retryAt, refresh, changed, retryNow };
});
