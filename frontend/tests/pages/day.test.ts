import { describe, expect, it } from "vitest";

import { bars, type Bucket, hourly, lastDay, progress, QUARTER, stretch } from "@/pages/overview/day";

const NOW = Date.parse("2026-11-24T14:32:07Z");

function buckets(over: Record<number, Partial<Bucket>> = {}): Bucket[] {
  const from = Date.parse(stretch(NOW).from);
  return Array.from({ length: 144 }, (_, index) => ({
    at: new Date(from + index * QUARTER).toISOString(),
    completed: 0,
    failed: 0,
    cancelled: 0,
    planned: 0,
    ...over[index],
  }));
}

describe("the day around now", () => {
  it("asks for whole quarters of an hour: a day back, half a day ahead", () => {
    expect(stretch(NOW)).toEqual({ from: "2026-11-23T14:30:00.000Z", to: "2026-11-25T02:30:00.000Z" });
  });

  it("shows 96 buckets, the present one in the middle", () => {
    const found = bars(buckets(), NOW);
    expect(found).toHaveLength(96);
    expect(found[48]?.at).toBe(Date.parse("2026-11-24T14:30:00Z"));
  });

  it("puts failures on top, and lets none vanish beside many", () => {
    const found = bars(buckets({ 60: { completed: 1000, failed: 1 }, 61: { completed: 1 }, 100: { planned: 500 } }), NOW);
    expect(found[12]?.failed).toBeGreaterThan(0.05);
    expect((found[12]?.completed ?? 0) + (found[12]?.failed ?? 0)).toBeLessThanOrEqual(1);
    expect(found[13]?.completed).toBeGreaterThan(0.02);
    expect(found[52]?.planned).toBeCloseTo(500 / 1001);
    expect(found[14]).toMatchObject({ completed: 0, failed: 0, planned: 0 });
  });

  it("counts the last day and nothing that is to come", () => {
    expect(lastDay(buckets({ 0: { completed: 3 }, 96: { failed: 1 }, 97: { failed: 9 } }), NOW)).toEqual({ completed: 3, failed: 1, rate: 0.75 });
    expect(lastDay(buckets(), NOW).rate).toBeNull();
  });

  it("adds up hours, the newest last", () => {
    const found = hourly(buckets({ 96: { completed: 2 }, 93: { completed: 1 }, 92: { completed: 5 } }), NOW, "completed");
    expect(found).toHaveLength(24);
    expect(found.slice(-2)).toEqual([5, 3]);
  });

  it("tells how far a run is by what is usual, and when it is far over", () => {
    expect(progress(30, 60)).toEqual({ share: 0.5, over: 0 });
    expect(progress(70, 60)).toEqual({ share: 1, over: 0 });
    expect(progress(150, 60)).toEqual({ share: 1, over: 90 });
    expect(progress(30, null)).toBeNull();
  });
});
