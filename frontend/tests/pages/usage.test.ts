import { describe, expect, it } from "vitest";

import UsageChart from "@/components/UsageChart.vue";
import { spread } from "@/lib/spread";
import { daysOf, stacked, valuesOf } from "@/pages/jobs/detail/metrics";

import { mounted } from "./mounting";

const bucket = {
  period_start: "2026-11-25T00:00:00.000Z",
  run_count: 5,
  success_count: 3,
  failure_count: 2,
  timeout_count: 1,
  cancelled_count: 0,
  success_rate: 0.6,
  avg_duration_ms: 10,
  p50_duration_ms: 9,
  p95_duration_ms: null,
  max_duration_ms: 30,
  avg_cpu_percent: 1,
  max_cpu_percent: 2,
  avg_memory_bytes: 1,
  max_memory_bytes: 2,
};

describe("the days of a job", () => {
  const days = daysOf({ since: "2026-11-24T00:00:00.000Z", until: "2026-11-27T00:00:00.000Z", buckets: [bucket] });

  it("are all there, those without anything among them", () => {
    expect(days.map((day) => day.bucket?.run_count)).toEqual([undefined, 5, undefined]);
    expect(days.map((day) => new Date(day.at * 1000).toISOString().slice(0, 10))).toEqual(["2026-11-24", "2026-11-25", "2026-11-26"]);
  });

  it("have no figure where there is none", () => {
    expect(valuesOf(days, "p50_duration_ms")).toEqual([null, 9, null]);
    expect(valuesOf(days, "p95_duration_ms")).toEqual([null, null, null]);
  });

  it("stand on one another as bars", () => {
    expect(stacked([null, 3], [1, 2], [null, 4])).toEqual([[0, 3], [1, 5], [1, 9]]);
  });
});

describe("a few of many", () => {
  it("keep the first and the last", () => {
    const all = Array.from({ length: 1000 }, (_, place) => place);
    const few = spread(all, 20);
    expect(few).toHaveLength(20);
    expect([few[0], few.at(-1)]).toEqual([0, 999]);
    expect(spread([1, 2], 20)).toEqual([1, 2]);
  });
});

describe("the chart of an execution", () => {
  const samples = [1, 2, 3].map((place) => ({ timestamp: `2026-11-25T10:00:0${place}.000Z`, cpu_percent: place * 50, memory_bytes: (4 - place) * 1e6, memory_percent: null }));

  it("tells the last figures and the peaks, and the same as a table", () => {
    class Silent {
      observe = (): void => undefined;
      disconnect = (): void => undefined;
    }
    Object.assign(globalThis, { ResizeObserver: Silent });
    const page = mounted(UsageChart, { samples, name: "e1" }, []);
    const told = page.findAll(".figures").map((line) => line.text());
    expect(told[0]).toContain("150 %");
    expect(told[0]).toContain("peak 150 %");
    expect(told[1]).toContain("1.0 MB");
    expect(told[1]).toContain("peak 3.0 MB");
    expect(page.findAll("tbody tr")).toHaveLength(3);
    expect(page.find("[role=application]").attributes("aria-label")).toContain("CPU over time, peak 150 %");
  });
});
