import type { Schemas } from "@/api/client";

export type Bucket = Schemas["BucketMetricsOut"];

const DAY = 86_400_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Lengths of time that read well beside an axis, in milliseconds. */
export const DURATION_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50].map((count) => count * DAY),
];

/** A day of UTC, and what ended in it. */
export interface Day {
  /** Its beginning, in seconds since 1970. */
  at: number;
  bucket: Bucket | undefined;
}

/** All days from since to until, those without anything among them. */
export function daysOf(metrics: Pick<Schemas["JobMetricsOut"], "since" | "until" | "buckets">): Day[] {
  const known = new Map(metrics.buckets.map((bucket) => [Date.parse(bucket.period_start), bucket]));
  const days: Day[] = [];
  for (let at = Date.parse(metrics.since); at < Date.parse(metrics.until); at += DAY) days.push({ at: at / 1000, bucket: known.get(at) });
  return days;
}

type Name = {
  [K in keyof Bucket]-?: NonNullable<Bucket[K]> extends number ? K : never;
}[keyof Bucket];

/** One figure of each day; null where there is none. */
export function valuesOf(days: readonly Day[], name: Name): (number | null)[] {
  return days.map((day) => day.bucket?.[name] ?? null);
}

/** Bars that stand on one another, the lowest first, as heights from the ground: to be drawn from the last to the first. */
export function stacked(...parts: readonly (readonly (number | null)[])[]): number[][] {
  let below: number[] = [];
  return parts.map((part) => (below = part.map((value, index) => (below[index] ?? 0) + (value ?? 0))));
}
