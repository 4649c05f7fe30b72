import { onScopeDispose, type Ref, ref } from "vue";

import { api, body } from "@/api/client";
import { useLive } from "@/stores/live";

import { after, nextLimit, pace, type Progress } from "./replaying";

/** A replay of a whole group that goes on call by call while the page is open. */
export function useReplay(onFault: (error: unknown) => void): {
  progress: Ref<Progress | null>;
  start: (fingerprint: string, total: number, perMinute: number) => Promise<void>;
  stop: () => void;
  dismiss: () => void;
} {
  const live = useLive();
  const progress = ref<Progress | null>(null);
  let isStopped = false;
  let wake: () => void = () => undefined;

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function start(fingerprint: string, total: number, perMinute: number): Promise<void> {
    const { limit, waitMs } = pace(perMinute);
    // What dies anew meanwhile is not part of what was asked for.
    const to = new Date().toISOString();
    isStopped = false;
    let now: Progress = { total, done: 0, refused: 0, isOver: false, wasStopped: false };
    progress.value = now;
    try {
      while (!now.isOver && !isStopped) {
        const sent = { fingerprint, to, limit: nextLimit(limit, now) };
        const answer = await body(api.POST("/api/dead-letters/replay", { body: sent as never }));
        now = after(now, answer.data ?? {});
        progress.value = now;
        live.refresh();
        if (!now.isOver && waitMs) await wait(waitMs);
      }
      progress.value = { ...now, isOver: true, wasStopped: isStopped && !now.isOver };
    } catch (error) {
      progress.value = { ...now, isOver: true, wasStopped: true };
      onFault(error);
    }
  }

  function stop(): void {
    isStopped = true;
    wake();
  }
  onScopeDispose(stop);
  return { progress, start, stop, dismiss: () => (progress.value = null) };
}
