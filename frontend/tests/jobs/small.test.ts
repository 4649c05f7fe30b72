import { expect, it } from "vitest";

import { jsonTokens } from "@/components/json";
import { pairsOf, pasted, recordOf, repeated } from "@/components/form/pairs";
import { momentAt, wallTime } from "@/components/form/zones";
import { inOrder } from "@/pages/jobs/detail/recentRuns";
import { cronParts } from "@/pages/jobs/editor/schedule/cronParts";
import { momentRows } from "@/pages/jobs/editor/schedule/momentRows";
import { actsOf, type Job, obstacleTo } from "@/pages/jobs/legal";

it("reads a pasted block", () => {
  expect(pasted("# x\nexport A=1\nB='two words'\nC=")).toEqual([{ name: "A", value: "1" }, { name: "B", value: "two words" }, { name: "C", value: "" }]);
  expect(pasted("Content-Type: text/plain")).toEqual([{ name: "Content-Type", value: "text/plain" }]);
  expect(pasted('{"a": "b", "n": 1}')).toEqual([{ name: "a", value: "b" }, { name: "n", value: "1" }]);
  expect([pasted("plain"), pasted(""), pasted("{no")]).toEqual([null, null, null]);
  expect(recordOf(pairsOf({ a: "1", b: "" }))).toEqual({ a: "1", b: "" });
  expect([...repeated([{ name: "a", value: "" }, { name: "a ", value: "" }, { name: "", value: "" }])]).toEqual(["a"]);
});

it("shows a moment by the clocks of a zone, and reads it back", () => {
  expect(wallTime("2030-01-15T08:30:00.000Z", "Europe/Berlin")).toBe("2030-01-15T09:30");
  expect(wallTime(momentAt("2030-01-15T09:30", "Europe/Berlin"), "Asia/Tokyo")).toBe("2030-01-15T09:30");
  expect(wallTime(momentAt("2030-01-15T09:30", "UTC"), "UTC")).toBe("2030-01-15T09:30");
  expect([wallTime("in 30m", "UTC"), wallTime("", "UTC"), momentAt("", "UTC")]).toEqual(["", "", ""]);
});

it("names the fields of cron", () => {
  expect(cronParts("0 9 * * MON", "standard").map((one) => `${one.name}=${one.text}`)).toEqual(["minute=0", "hour=9", "day=*", "month=*", "weekday=MON"]);
  expect(cronParts("5 0 9 * * MON", "standard")[0]).toEqual({ name: "second", text: "5" });
  expect(cronParts("0 0 9 ? * MON 2030", "quartz").at(-1)).toEqual({ name: "year", text: "2030" });
  expect(cronParts("@daily", "standard")).toEqual([]);
});

it("marks what the clocks moved, and the first of two", () => {
  const gap = { at: "2027-03-28T01:00:00.000Z", effect: "moved", before: "2027-03-28T02:00:00", after: "2027-03-28T03:00:00" };
  const fold = { at: "2027-10-31T01:00:00.000Z", effect: "both", before: "2027-10-31T03:00:00", after: "2027-10-31T02:00:00" };
  const rows = momentRows(
    [
      { utc: "2027-03-27T01:30:00.000Z", local: "2027-03-27T02:30:00+01:00" },
      { utc: "2027-03-28T01:00:00.000Z", local: "2027-03-28T03:00:00+02:00" },
      { utc: "2027-10-31T00:30:00.000Z", local: "2027-10-31T02:30:00+02:00" },
      { utc: "2027-10-31T01:30:00.000Z", local: "2027-10-31T02:30:00+01:00" },
    ],
    [gap, fold],
    "Europe/Berlin",
    "en",
    "Asia/Ho_Chi_Minh",
  );
  expect(rows.map((row) => [row.time, row.own, row.zone, row.mark])).toEqual([
    ["02:30", "08:30", "UTC+1", null],
    ["03:00", "08:00", "UTC+2", "moved"],
    ["02:30", "07:30", "UTC+2", "first"],
    ["02:30", "08:30", "UTC+1", "second"],
  ]);
});

it("takes JSON apart without losing a sign of it", () => {
  const text = JSON.stringify({ a: ["x\"y", 1.5, -2e3, true, null], "b c": {} }, null, 2);
  const tokens = jsonTokens(text);
  expect(tokens.map((token) => token.text).join("")).toBe(text);
  expect(tokens.filter((token) => token.kind === "name").map((token) => token.text)).toEqual(['"a"', '"b c"']);
});

it("offers what is legal, and says what is in the way", () => {
  const cron = { schedule: { type: "cron" }, enabled: true, overlap: "skip", next_due_at: "2030-01-01T00:00:00Z" };
  const job = (more: object): Job => ({ ...cron, ...more }) as Job;
  expect(actsOf(job({ status: "scheduled" }))).toEqual(["run", "pause", "stop", "edit", "clone", "delete"]);
  expect(actsOf(job({ status: "paused" }))).toContain("resume");
  expect(actsOf(job({ status: "cancelled", next_due_at: null }))).toEqual(["run", "start", "edit", "clone", "delete"]);
  expect(actsOf(job({ status: "scheduled", schedule: { type: "once" } }))).toEqual(["run", "pause", "cancel", "reschedule", "edit", "clone", "delete"]);
  expect(obstacleTo("run", job({ status: "running" }))).toBe("isRunning");
  expect(obstacleTo("run", job({ status: "running", overlap: "allow" }))).toBeNull();
  expect(obstacleTo("run", job({ status: "scheduled", enabled: false }))).toBe("isOff");
  expect(obstacleTo("edit", job({ status: "completed", schedule: { type: "once" } }))).toBe("hasEnded");
  expect(obstacleTo("delete", job({ status: "running" }))).toBe("isRunning");
});

it("puts what ran and what did not into one order, each once", () => {
  const run = (id: string, number: number): { id: string; number: number } => ({ id, number });
  expect(inOrder([run("c", 3), run("a", 1)], [run("b", 2), run("c", 3)]).map((one) => one.number)).toEqual([3, 2, 1]);
});
