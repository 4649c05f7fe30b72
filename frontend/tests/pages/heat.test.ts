import { expect, it } from "vitest";

import { daysOf, heatOf, HOUR, percentBad, weekOf } from "@/pages/timeline/heat";

const NOW = Date.parse("2026-11-24T14:32:07Z");
const HANOI = { zone: "Asia/Ho_Chi_Minh", language: "en" };

it("shows the last week, and an earlier one around its middle", () => {
  const week = weekOf(NOW, NOW);
  expect(new Date(week.to).toISOString()).toBe("2026-11-24T15:00:00.000Z");
  expect(week.to - week.from).toBe(168 * HOUR);
  const earlier = weekOf(NOW - 14 * 24 * HOUR, NOW);
  expect(new Date(earlier.to).toISOString()).toBe("2026-11-14T03:00:00.000Z");
});

it("puts the hours on the days on which they are read, even where a day has 25", () => {
  const since = Date.parse("2026-11-17T15:00:00Z");
  expect(daysOf(since, 168, HANOI).map((day) => day.first)).toEqual([0, 2, 26, 50, 74, 98, 122, 146]);
  const autumn = daysOf(Date.parse("2026-10-24T22:00:00Z"), 49, { zone: "Europe/Berlin", language: "en" });
  expect(autumn.map((day) => day.first)).toEqual([0, 25]);
});

it("keeps the hours in which something ended, the jobs by name", () => {
  const since = Date.parse("2026-11-24T15:00:00Z");
  const [first, second] = heatOf(
    [
      { job_id: "2", job_name: "tls", runs: [0, 4, 1], failed: [0, 1, 0] },
      { job_id: "1", job_name: "export", runs: [1, 0, 0], failed: [1, 0, 0] },
    ],
    since,
    HANOI,
  );
  expect(first).toMatchObject({ name: "export", runs: 1, failed: 1, cells: [{ day: 0, hour: 22 }] });
  expect(second?.cells).toEqual([
    { at: since + HOUR, runs: 4, failed: 1, day: 0, hour: 23 },
    { at: since + 2 * HOUR, runs: 1, failed: 0, day: 1, hour: 0 },
  ]);
});

it("never calls some none, nor not all all", () => {
  expect([percentBad(0, 9), percentBad(1, 1000), percentBad(999, 1000), percentBad(3, 3), percentBad(1, 4)]).toEqual([0, 1, 99, 100, 25]);
});
