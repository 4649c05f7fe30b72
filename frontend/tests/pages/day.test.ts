import { describe, expect, it } from "vitest";

import { bars, type Bucket, percent, progress, QUARTER } from "@/pages/overview/day";

function buckets(over: Record<number, Partial<Bucket>> = {}): Bucket[] {
  const from = Date.parse("2026-11-24T02:30:00Z");
  return Array.from({ length: 96 }, (_, index) => ({ at: new Date(from + index * QUARTER).toISOString(), completed: 0, failed: 0, cancelled: 0, planned: 0, ...over[index] }));
}

describe("the day around now", () => {
  it("puts failures on top, and lets none vanish beside many", () => {
    const found = bars(buckets({ 12: { completed: 1000, failed: 1 }, 13: { completed: 1 }, 52: { planned: 500 } }));
    expect(found).toHaveLength(96);
    expect(found[48]?.at).toBe(Date.parse("2026-11-24T14:30:00Z"));
    expect(found[12]?.failed).toBeGreaterThan(0.05);
    expect((found[12]?.completed ?? 0) + (found[12]?.failed ?? 0)).toBeLessThanOrEqual(1);
    expect(found[13]?.completed).toBeGreaterThan(0.02);
    expect(found[52]?.planned).toBeCloseTo(500 / 1001);
    expect(found[14]).toMatchObject({ completed: 0, failed: 0, planned: 0 });
  });

  it("never rounds a share up to all", () => {
    expect([0.9996, 1, 0.5].map(percent)).toEqual([99.9, 100, 50]);
  });

  it("tells how far a run is by what is usual, and when it is over", () => {
    expect(progress(30, 60)).toEqual({ share: 0.5, over: 0 });
    expect(progress(70, 60)).toEqual({ share: 1, over: 10 });
    expect(progress(30, null)).toBeNull();
  });
});
