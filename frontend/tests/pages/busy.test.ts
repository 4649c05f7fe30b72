import { expect, it } from "vitest";

import { movedWhen } from "@/pages/jobs/editor/schedule/moved";
import { emptyWhen, type WhenForm } from "@/pages/jobs/editor/schedule/whenForm";
import { busyMinutes } from "@/pages/timeline/busy";
import { namedDays } from "@/pages/timeline/heat";

const at = (minute: string): string => `2026-11-24T${minute}:00Z`;
const due = (minute: string, ...jobs: string[]): { at: string; job_id: string; job_name: string }[] => jobs.map((job) => ({ at: at(minute), job_id: job, job_name: job }));
const NOW = Date.parse(at("01:00"));
const LATER = Date.parse(at("06:00"));

it("finds the minutes in which more is due than can run, and the nearest with room", () => {
  const coming = [...due("02:30", "c", "a", "b"), ...due("02:31", "a", "x"), ...due("02:29", "y"), ...due("03:00", "a", "b")];
  const [busy, ...others] = busyMinutes(coming, 2, NOW, LATER);
  expect(others).toEqual([]);
  expect(busy).toMatchObject({ at: Date.parse(at("02:30")), due: 3, waiting: 1, better: Date.parse(at("02:29")), hasRoom: true });
  expect(busy?.jobs.map((job) => job.name)).toEqual(["a", "b", "c"]);
});

it("moves no job to where it is due anyway, and nothing where there is no room or no worker", () => {
  const often = [...due("02:30", "often", "a", "b"), ...due("02:31", "often")];
  expect(busyMinutes(often, 2, NOW, LATER)[0]?.jobs).toEqual([
    { id: "a", name: "a", movable: true },
    { id: "b", name: "b", movable: true },
    { id: "often", name: "often", movable: false },
  ]);
  expect(busyMinutes(often, 0, NOW, LATER)).toEqual([]);
  expect(busyMinutes(due("01:01", "a", "b"), 1, NOW, Date.parse(at("01:02")))[0]?.better).toBeNull();
  const crowded = Array.from({ length: 60 }, (_, minute) => due(`02:${String(minute).padStart(2, "0")}`, "x", "y", ...(minute === 30 ? ["x", "z", "w"] : []))).flat();
  expect(busyMinutes(crowded, 2, NOW, Date.parse(at("02:59")))[0]).toMatchObject({ due: 4, better: Date.parse(at("02:31")), hasRoom: false });
});

const form = (over: Partial<WhenForm>): WhenForm => ({ ...emptyWhen("Asia/Ho_Chi_Minh"), ...over });
const cron = (expression: string, dialect: WhenForm["dialect"] = "standard"): WhenForm => form({ kind: "cron", expression, dialect });

it.each([
  ["30 9 * * 1-5", "02:30", "02:34", "34 9 * * 1-5"],
  ["58 9 * * *", "02:58", "03:02", "2 10 * * *"],
  ["0,30 * * * *", "02:30", "02:31", "0,31 * * * *"],
  ["*/5 * * * *", "02:30", "02:32", "2-59/5 * * * *"],
  ["1-59/5 * * * *", "02:31", "02:30", "0-59/5 * * * *"],
])("moves %s from %s to %s", (expression, from, to, moved) => {
  expect(movedWhen(cron(expression), at(from), at(to))).toEqual({ expression: moved });
});

it.each([
  ["* * * * *", "02:30", "02:31"],
  ["*/5 * * * *", "02:30", "02:36"],
  ["*/7 * * * *", "02:28", "02:29"],
  ["0,58 9 * * *", "02:58", "03:02"],
  ["@daily", "02:30", "02:31"],
  ["59 23 1 * *", "16:59", "17:00"],
])("leaves %s to its owner", (expression, from, to) => {
  expect(movedWhen(cron(expression), at(from), at(to))).toBeNull();
});

it("moves other schedules", () => {
  expect(movedWhen(cron("0 30 9 * * ?", "quartz"), at("02:30"), at("02:31"))).toEqual({ expression: "0 31 9 * * ?" });
  expect(movedWhen(form({ kind: "once" }), at("02:30"), at("02:31"))).toEqual({ at: at("02:31") });
  expect(movedWhen(form({ kind: "every", amount: 1, unit: "h" }), at("02:30"), at("02:31"))).toEqual({ startsAt: at("02:31") });
  expect(movedWhen(form({ kind: "every", amount: 1, unit: "h", from: "end" }), at("02:30"), at("02:31"))).toBeNull();
  const lists = { ...emptyWhen("UTC").lists, hours: [9], minutes: [30] };
  expect(movedWhen(form({ kind: "calendar", lists }), at("02:30"), at("02:31"))).toEqual({ lists: { ...lists, minutes: [31] } });
  expect(movedWhen(form({ kind: "manual" }), at("02:30"), at("02:31"))).toBeNull();
});

it("names the last day of a week, however little of it has passed, and no day over another", () => {
  const days = [0, 1, 25, 49, 73, 97, 121, 145, 167].map((first) => ({ first }));
  const named = namedDays(days, 1000 / 168, 1000);
  expect(named.at(-1)).toEqual({ day: { first: 167 }, x: 944 });
  expect(named.map(({ day }) => day.first)).toEqual([1, 25, 49, 73, 97, 121, 145, 167]);
});
