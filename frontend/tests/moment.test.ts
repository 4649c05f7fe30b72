import { expect, it } from "vitest";

import { dayOf, momentText, offsetText } from "@/lib/moment";

const now = new Date("2026-11-24T07:32:07Z");
const berlin = { zone: "Europe/Berlin", language: "en" };
const read = (iso: string, seconds = false, reading = berlin): string => momentText(new Date(iso), now, reading, seconds);

it("says only the clock today, the day this week, the date before, the year before that", () => {
  expect(read("2026-11-24T13:00:00Z")).toBe("14:00");
  expect(read("2026-11-24T07:32:07Z", true)).toBe("08:32:07");
  expect(read("2026-11-23T17:00:00Z")).toBe("Mon 18:00");
  expect(read("2026-11-08T03:00:00Z")).toBe("8 Nov 04:00");
  expect(read("2024-11-08T03:00:00Z")).toBe("8 Nov 2024 04:00");
});

it("knows the day of the zone, not of UTC", () => {
  const late = new Date("2026-11-24T23:30:00Z");
  expect(dayOf(late, berlin)).toBe("2026-11-25");
  expect(dayOf(late, { zone: "UTC", language: "en" })).toBe("2026-11-24");
});

it("writes Vietnamese for those who read it", () => {
  expect(read("2026-11-24T07:00:00Z", false, { zone: "Asia/Ho_Chi_Minh", language: "vi" })).toBe("14:00");
  expect(read("2026-11-23T17:00:00Z", false, { zone: "UTC", language: "vi" })).toMatch(/^Th(ứ)? 2 17:00$/);
});

it("names the distance from UTC as it is at that moment", () => {
  expect(offsetText("Europe/Berlin", new Date("2026-07-01T00:00:00Z"))).toBe("UTC+2");
  expect(offsetText("Europe/Berlin", new Date("2026-12-01T00:00:00Z"))).toBe("UTC+1");
  expect(offsetText("UTC", now)).toBe("UTC");
});
