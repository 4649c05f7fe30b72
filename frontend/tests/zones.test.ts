import { expect, it } from "vitest";

import { instantAt, momentAt, wallTime } from "@/components/form/zones";

it("finds the moment at which the clocks of a zone show a time, also around their changes", () => {
  expect(instantAt("2026-11-28T06:15", "Europe/Berlin")).toBe("2026-11-28T05:15:00.000Z");
  expect(instantAt("2026-07-01T06:15", "Europe/Berlin")).toBe("2026-07-01T04:15:00.000Z");
  expect(instantAt("2026-03-29T03:00", "Europe/Berlin")).toBe("2026-03-29T01:00:00.000Z");
  expect(instantAt("2026-11-28T06:15", "Asia/Ho_Chi_Minh")).toBe("2026-11-27T23:15:00.000Z");
  expect(instantAt("", "UTC")).toBe("");
  expect(wallTime(momentAt("2026-11-28T06:15", "Europe/Berlin"), "Europe/Berlin")).toBe("2026-11-28T06:15");
});
