import { describe, expect, it } from "vitest";

import { emptyWhen, fromWhenRequest, inUnits, LISTS, toPreview, toWhenRequest, UNIT_SECONDS, WHEN_KINDS, type WhenForm } from "@/pages/jobs/editor/schedule/whenForm";

/** The same numbers each time, so that a failure can be looked into. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % most;
  };
}

function some(roll: (most: number) => number, kind: (typeof WHEN_KINDS)[number]): WhenForm {
  const when = emptyWhen(["UTC", "Europe/Berlin", "Asia/Ho_Chi_Minh"][roll(3)] ?? "UTC");
  when.kind = kind;
  if (kind === "once") when.at = ["in 30m", "2030-01-15T09:30:00.000Z", "2030-01-15 09:30 Europe/Berlin"][roll(3)] ?? "";
  if (kind === "every") Object.assign(when, inUnits((roll(500) + 1) * (Object.values(UNIT_SECONDS)[roll(4)] ?? 1)), { from: roll(2) ? "start" : "end" });
  if (kind === "cron") when.expression = `${roll(60)} ${roll(24)} * * ${roll(7)}`;
  if (kind === "cron" && roll(4) === 0) Object.assign(when, { dialect: "quartz", expression: "0 0 9 ? * MON" });
  if (kind === "calendar") for (const name of LISTS) when.lists[name] = [];
  if (kind === "calendar") for (const name of LISTS) if (roll(2)) when.lists[name] = name === "years" ? [2030] : [...new Set([roll(6) + 1, roll(6) + 1])].sort((a, b) => a - b);
  if (kind === "cron" || kind === "calendar") Object.assign(when, { gap: roll(2) ? "next" : "skip", overlap: roll(2) ? "first" : "both" });
  if (kind === "cron" || kind === "calendar" || kind === "every") {
    if (roll(2)) when.startsAt = "2030-01-01T00:00:00.000Z";
    if (roll(2)) when.endsAt = "2031-01-01 00:00 Europe/Berlin";
    if (roll(2)) when.maxRuns = roll(100) + 1;
    if (roll(2)) when.jitter = roll(600) + 1;
    if (roll(3) === 0) when.blackouts = [{ from: "2030-12-24", to: "2030-12-26" }];
  }
  return when;
}

describe("the form of a schedule", () => {
  it.each(WHEN_KINDS)("says the same after a way through the API: %s", (kind) => {
    const roll = dice(kind.length * 7919);
    for (let round = 0; round < 200; round += 1) {
      const request = toWhenRequest(some(roll, kind));
      const again = fromWhenRequest(request);
      expect(again.kind).toBe(kind);
      expect(toWhenRequest(again)).toEqual(request);
    }
  });

  it("names the type that the API knows", () => {
    const roll = dice(5);
    const typeOf = (kind: (typeof WHEN_KINDS)[number]): unknown => toWhenRequest(some(roll, kind)).schedule?.type;
    expect([typeOf("cron"), typeOf("calendar"), typeOf("manual"), typeOf("now"), typeOf("once")]).toEqual(["cron", "calendar", "manual", undefined, undefined]);
    expect(toWhenRequest({ ...emptyWhen("UTC"), kind: "every", amount: 1.5, unit: "m", from: "start" }).schedule).toEqual({ type: "fixed_rate", interval_seconds: 90, timezone: "UTC" });
    expect(toWhenRequest({ ...emptyWhen("UTC"), kind: "every", amount: 2, unit: "h", from: "end" }).schedule).toEqual({ type: "fixed_delay", delay_seconds: 7200, timezone: "UTC" });
  });

  it("reads a job that runs once, whose rule says no moment", () => {
    const when = fromWhenRequest({ schedule: { type: "once", timezone: "UTC" }, scheduled_at: "2030-01-15T09:30:00.000Z", timezone: "UTC" });
    expect(when).toMatchObject({ kind: "once", at: "2030-01-15T09:30:00.000Z" });
    expect(fromWhenRequest({ immediate: true }).kind).toBe("now");
    expect(fromWhenRequest({ scheduled_at: "now" }).kind).toBe("now");
  });

  it("leaves the defaults of the clocks' changes out", () => {
    const when = { ...emptyWhen("UTC"), kind: "cron" as const };
    expect(toWhenRequest(when).schedule).not.toHaveProperty("dst");
    expect(toWhenRequest({ ...when, gap: "skip" }).schedule).toHaveProperty("dst", { gap: "skip", overlap: "first" });
  });

  it("asks for no preview while there is nothing to ask", () => {
    expect(toPreview({ ...emptyWhen("UTC"), kind: "once", at: " " })).toBeNull();
    expect(toPreview({ ...emptyWhen("UTC"), kind: "every", amount: null })).toBeNull();
    expect(toPreview({ ...emptyWhen("UTC"), kind: "cron", expression: "" })).toBeNull();
    expect(toPreview({ ...emptyWhen("UTC"), kind: "once", at: "in 5m" })).toEqual({ type: "once", scheduled_at: "in 5m", timezone: "UTC" });
  });

  it("shows seconds in the largest unit that holds them whole", () => {
    expect([inUnits(86_400), inUnits(5400), inUnits(61), inUnits(0.5)]).toEqual([
      { amount: 1, unit: "d" },
      { amount: 90, unit: "m" },
      { amount: 61, unit: "s" },
      { amount: 0.5, unit: "s" },
    ]);
  });
});
