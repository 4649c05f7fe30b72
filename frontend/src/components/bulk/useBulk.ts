import { onScopeDispose, type Ref, ref } from "vue";

import { api, body } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useLive } from "@/stores/live";

import { after, begun, type Going, type Step, type Trial } from "./going";

/** Small at first, so that something moves; then as much as the server does in one call. */
const FIRST = 20;
const REST = 200;
/** So often a call is sent whose answer gets lost, with so long a pause before. */
const TRIES = 3;
const PAUSE_MS = 1000;

/** A key that nobody has used; what makes ids is open to secure pages only. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export type BulkPath =
  | `/api/jobs/bulk/${"run" | "pause" | "resume" | "edit" | "cancel" | "delete"}`
  | `/api/executions/bulk/${"cancel" | "replay"}`;

export interface Wish {
  path: BulkPath;
  filter: Record<string, unknown>;
  /** What the act is told besides: a reason, tags. */
  given?: Record<string, unknown>;
}

export interface Bulk {
  going: Ref<Going | null>;
  tryOut: (wish: Wish) => Promise<Trial>;
  start: (wish: Wish, title: string, trial: { matched: number; created_before?: string }) => Promise<Going | null>;
  pause: () => void;
  resume: () => void;
  stop: () => void;
  dismiss: () => void;
}

/** Acts on all that a filter lets through, call by call, while the page is open. */
export function useBulk(onFault: (error: unknown) => void): Bulk {
  const live = useLive();
  const going = ref<Going | null>(null);
  let wake: () => void = () => undefined;

  async function post<T>(wish: Wish, more: Record<string, unknown>, key?: string): Promise<T> {
    const sent = { ...wish.given, filter: wish.filter, ...more };
    const headers = key ? { "Idempotency-Key": key } : {};
    const answer = await body(api.POST(wish.path as "/api/jobs/bulk/run", { body: sent as never, headers }));
    return answer.data as T;
  }
  /** One call, sent again if its answer got lost: by its key the server does nothing twice. */
  async function step(wish: Wish, more: Record<string, unknown>): Promise<Step> {
    const key = newKey();
    for (let tried = 1; ; tried += 1) {
      try {
        return await post<Step>(wish, more, key);
      } catch (error) {
        if (tried >= TRIES || !(error instanceof ApiError) || error.status !== 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tried));
      }
    }
  }
  const is = (state: Going["state"]): boolean => going.value?.state === state;

  async function start(wish: Wish, title: string, trial: { matched: number; created_before?: string }): Promise<Going | null> {
    going.value = begun(title, trial.matched);
    let more: Record<string, unknown> = { limit: FIRST, ...(trial.created_before ? { created_before: trial.created_before } : {}) };
    let spent = 0;
    try {
      while (is("going") || is("paused")) {
        if (is("paused")) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        const began = performance.now();
        const went = await step(wish, more);
        spent += (performance.now() - began) / 1000;
        if (going.value) going.value = after(going.value, went, spent);
        more = { limit: REST, cursor: went.next_cursor, created_before: went.created_before };
        live.refresh();
      }
    } catch (error) {
      if (going.value) going.value = { ...going.value, state: "failed" };
      onFault(error);
    }
    return going.value;
  }

  function turn(state: Going["state"]): void {
    if (going.value && (is("going") || is("paused"))) going.value = { ...going.value, state };
    wake();
  }
  onScopeDispose(() => turn("stopped"));
  return {
    going,
    tryOut: (wish) => post<Trial>(wish, { dry_run: true }),
    start,
    pause: () => turn("paused"),
    resume: () => turn("going"),
    stop: () => turn("stopped"),
    dismiss: () => (going.value = null),
  };
}
