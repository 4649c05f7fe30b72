/** The day around now in buckets: what is drawn of it, and what is counted in it. */

export interface Bucket {
  at: string;
  completed: number;
  failed: number;
  cancelled: number;
  planned: number;
}

export interface Bar {
  at: number;
  bucket: Bucket;
  /** Shares of the height, from the ground up. */
  completed: number;
  failed: number;
  planned: number;
}

export const QUARTER = 15 * 60_000;
const HOUR = 60 * 60_000;
/** Whatever happened at all is seen: no less than this share of the height. */
const LEAST = 0.03;
const LEAST_FAILED = 0.06;

/** The stretch that is asked for: the last day, to count in, and the next twelve hours. */
export function stretch(now: number): { from: string; to: string } {
  const here = Math.floor(now / QUARTER) * QUARTER;
  return { from: new Date(here - 24 * HOUR).toISOString(), to: new Date(here + 12 * HOUR).toISOString() };
}

/** The bars of twelve hours before now and twelve after it. */
export function bars(buckets: readonly Bucket[], now: number): Bar[] {
  const here = Math.floor(now / QUARTER) * QUARTER;
  const shown = buckets.filter((bucket) => {
    const at = Date.parse(bucket.at);
    return at >= here - 12 * HOUR && at < here + 12 * HOUR;
  });
  const most = Math.max(1, ...shown.map((bucket) => bucket.completed + bucket.failed + bucket.planned));
  const share = (count: number, least: number): number => (count ? Math.max(least, count / most) : 0);
  return shown.map((bucket) => {
    const failed = share(bucket.failed, LEAST_FAILED);
    return {
      at: Date.parse(bucket.at),
      bucket,
      failed,
      completed: Math.min(share(bucket.completed, LEAST), 1 - failed),
      planned: share(bucket.planned, LEAST),
    };
  });
}

/** What ended within the last day, well and badly, and the share that went well. */
export function lastDay(buckets: readonly Bucket[], now: number): { completed: number; failed: number; rate: number | null } {
  const past = buckets.filter((bucket) => Date.parse(bucket.at) <= now);
  const completed = past.reduce((sum, bucket) => sum + bucket.completed, 0);
  const failed = past.reduce((sum, bucket) => sum + bucket.failed, 0);
  return { completed, failed, rate: completed + failed ? completed / (completed + failed) : null };
}

/** One number an hour of the last day, the oldest first: for the small charts. */
export function hourly(buckets: readonly Bucket[], now: number, of: "completed" | "failed"): number[] {
  const past = buckets.filter((bucket) => Date.parse(bucket.at) <= now);
  const found: number[] = [];
  for (let at = past.length; at > 0; at -= 4) {
    found.unshift(past.slice(Math.max(0, at - 4), at).reduce((sum, bucket) => sum + bucket[of], 0));
  }
  return found.slice(-24);
}

/** How far a running execution is by what its job usually takes; amber when it is far over. */
export function progress(elapsed: number, usual: number | null | undefined): { share: number; over: number } | null {
  if (!usual) return null;
  return { share: Math.min(1, elapsed / usual), over: elapsed > 2 * usual ? elapsed - usual : 0 };
}
