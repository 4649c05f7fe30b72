import { expect, it } from "vitest";

import { lanesOf, placed, spanOf } from "@/pages/timeline/lanes";

const NOW = Date.parse("2026-11-24T14:32:07Z");
const span = spanOf("1h", NOW);

it("begins at a whole mark and is as long as it says", () => {
  expect(new Date(span.from).toISOString()).toBe("2026-11-24T14:00:00.000Z");
  expect(span.to - span.from).toBe(3_600_000);
  expect(spanOf("1h", NOW + 20_000)).toEqual(span);
});

it("gives each job a lane, by name, with what ran and what is planned", () => {
  const past = [
    { id: "a", job_id: "2", job_name: "tls", number: 3, status: "failed", started_at: "2026-11-24T14:10:00Z", completed_at: "2026-11-24T14:11:00Z" },
    { id: "b", job_id: "1", job_name: "export", number: 9, status: "running", started_at: "2026-11-24T14:30:00Z" },
    { id: "c", job_id: "1", job_name: "export", status: "completed", started_at: "2026-11-24T10:00:00Z", completed_at: "2026-11-24T10:01:00Z" },
  ];
  const coming = [
    { at: "2026-11-24T14:40:00Z", job_id: "2", job_name: "tls" },
    { at: "2026-11-24T14:20:00Z", job_id: "2", job_name: "tls" },
    { at: "2026-11-24T19:00:00Z", job_id: "3", job_name: "later" },
  ];
  const lanes = lanesOf(past, coming, span, NOW, new Map([["1", 300_000]]));
  expect(lanes.map((lane) => [lane.name, lane.bars.length, lane.planned.length])).toEqual([
    ["export", 1, 0],
    ["tls", 1, 1],
  ]);
  expect(lanes[0]?.bars[0]).toMatchObject({ to: NOW, isOpen: true, usualEnd: Date.parse("2026-11-24T14:35:00Z") });
});

it("places bars on the axis, cut at its ends and never too thin", () => {
  const minute = 60_000;
  expect(placed(span.from + 15 * minute, span.from + 30 * minute, span, 600)).toEqual({ x: 150, width: 150 });
  expect(placed(span.from - 60 * minute, span.from + 6 * minute, span, 600)).toEqual({ x: 0, width: 60 });
  expect(placed(span.to, span.to, span, 600)).toEqual({ x: 597, width: 3 });
});
