import type { Schemas } from "@/api/client";

export type Bucket = Schemas["HalfHourOut"];

export interface Bar {
  at: string;
  until: string;
  total: number;
  /** Parts from below, each with its share of the highest bar. */
  parts: { name: "completed" | "failed" | "timeout" | "dead_letter" | "cancelled"; y: number; height: number }[];
}

const ORDER = ["completed", "cancelled", "timeout", "failed", "dead_letter"] as const;

/** Buckets as bars whose parts stand one on the other; what went wrong is on top, and never too thin to be seen. */
export function barsOf(buckets: readonly Bucket[], seconds: number, height: number): Bar[] {
  const totals = buckets.map((one) => ORDER.reduce((sum, name) => sum + one[name], 0));
  const most = Math.max(1, ...totals);
  return buckets.map((one, index) => {
    let y = height;
    const parts = ORDER.filter((name) => one[name] > 0).map((name) => {
      const part = Math.max(2, (one[name] / most) * (height - 4));
      y -= part;
      return { name, y: Math.max(0, y), height: part };
    });
    return { at: one.at, until: new Date(new Date(one.at).getTime() + seconds * 1000).toISOString(), total: totals[index] ?? 0, parts };
  });
}

/** The stretch of time from one bar to another, as it stands in the address. */
export function stretch(bars: readonly Bar[], one: number, other: number): string {
  const [first, last] = [bars[Math.min(one, other)], bars[Math.max(one, other)]];
  return first && last ? `${first.at}~${last.until}` : "";
}
