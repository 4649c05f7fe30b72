import { describe, expect, it } from "vitest";

import { bannerOf, closest } from "@/pages/jobs/detail/banner";
import { definitionText } from "@/pages/jobs/detail/definitionText";
import { usedNames } from "@/pages/jobs/detail/usedNames";

describe("the one thing to know of a job before all else", () => {
  const job = { status: "scheduled" as const, enabled: true, version: 2, updated_at: "2026-11-24T10:00:00Z", last_execution: { started_at: "2026-11-24T09:00:00Z" } };

  it("is the gravest only", () => {
    const all = { ...job, consecutive_failures: 3, usual_duration_ms: 90_000 };
    expect(bannerOf({ ...all, status: "paused" as const, enabled: false }, 60_000)).toBe("paused");
    expect(bannerOf({ ...all, enabled: false }, 60_000)).toBe("off");
    expect(bannerOf(all, 60_000)).toBe("failed");
    expect(bannerOf({ ...all, consecutive_failures: 1 }, 60_000)).toBe("outgrown");
    expect(bannerOf({ ...all, consecutive_failures: 0 }, null)).toBe("changed");
  });

  it("is nothing for a job that is as it ran", () => {
    expect(bannerOf({ ...job, updated_at: "2026-11-24T08:00:00Z" }, null)).toBeNull();
    expect(bannerOf({ ...job, version: 1 }, null)).toBeNull();
    expect(bannerOf({ ...job, last_execution: null }, null)).toBeNull();
  });

  it("compares with the shortest time between two moments", () => {
    expect(closest([{ utc: "2026-11-24T09:00:00Z" }, { utc: "2026-11-24T09:05:00Z" }, { utc: "2026-11-24T09:06:00Z" }])).toBe(60_000);
    expect(closest([{ utc: "2026-11-24T09:00:00Z" }])).toBeNull();
  });
});

describe("a definition to compare", () => {
  it("shows texts of several lines as several lines, and what runs first", () => {
    const text = definitionText({ name: "a", config: { script: "one\ntwo\n", args: ["x"], env: {} }, tag_ids: [], retry: null });
    expect(text.split("\n")).toEqual(["config: {", "  args: [", '    "x"', "  ]", "  env: {}", "  script: |", "    one", "    two", "}", 'name: "a"', "retry: null", "tag_ids: []"]);
  });

  it("leaves out a moment that only follows from the schedule", () => {
    expect(definitionText({ scheduled_at: "2026-11-24T09:00:00Z", schedule: { type: "cron" } })).not.toContain("scheduled_at");
    expect(definitionText({ scheduled_at: "2026-11-24T09:00:00Z", schedule: null })).toContain("scheduled_at");
  });
});

describe("the variables that a job names", () => {
  it("are those that there are, in any form, and those that can mean nothing else", () => {
    const known = new Set(["KEY", "OTHER"]);
    expect(usedNames("shell", { script: "curl $KEY ${MINE}" }, known)).toEqual(["KEY"]);
    expect(usedNames("http", { url: "https://${HOST}/", headers: { A: "${KEY} $${NOT}" } }, known)).toEqual(["HOST", "KEY"]);
  });
});
