/** Replaying many, in small calls one after the other, so that it can be watched and stopped. */

export interface Batch {
  done?: number;
  refused?: number;
  remaining?: number;
}

export interface Progress {
  total: number;
  done: number;
  refused: number;
  isOver: boolean;
  wasStopped: boolean;
}

/** How many a call, and how long to wait before the next, for so many a minute; 0 is at once. */
export function pace(perMinute: number): { limit: number; waitMs: number } {
  if (perMinute <= 0) return { limit: 100, waitMs: 0 };
  return { limit: 1, waitMs: 60_000 / perMinute };
}

/** The next call's limit: what was refused stays first in the list, and must not be met for ever. */
export function nextLimit(limit: number, progress: Progress): number {
  return Math.min(1000, limit + progress.refused);
}

/** What a call changed. It is over when nothing remains but what was refused. */
export function after(progress: Progress, batch: Batch): Progress {
  const done = progress.done + (batch.done ?? 0);
  const refused = batch.refused ?? 0;
  return { ...progress, done, refused, isOver: refused >= (batch.remaining ?? 0) || done + refused >= progress.total };
}
