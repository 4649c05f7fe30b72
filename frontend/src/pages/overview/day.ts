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
/** Whatever happened at all is seen: no less than this share of the height. */
const LEAST = 0.03;
const LEAST_FAILED = 0.06;

/** The bars of twelve hours before now and twelve after it. */
export function bars(buckets: readonly Bucket[]): Bar[] {
  const most = Math.max(1, ...buckets.map((bucket) => bucket.completed + bucket.failed + bucket.planned));
  const share = (count: number, least: number): number => (count ? Math.max(least, count / most) : 0);
  return buckets.map((bucket) => {
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

/** A share as a percentage with one digit, never rounded up: 99.96 % is no 100 %. */
export function percent(share: number): number {
  return Math.floor(share * 1000) / 10;
}

/** How far a running execution is by what its job usually takes; amber when it is over. */
export function progress(elapsed: number, usual: number | null | undefined): { share: number; over: number } | null {
  if (!usual) return null;
  return { share: Math.min(1, elapsed / usual), over: Math.max(0, elapsed - usual) };
}
