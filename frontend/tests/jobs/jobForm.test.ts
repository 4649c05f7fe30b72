import { expect, it } from "vitest";

import { emptyForm, SECTIONS, sectionOf, toClone, toCreate, toForm, toPatch, toRequest } from "@/pages/jobs/editor/jobForm";
import { unknownNames } from "@/pages/jobs/editor/request/jsonMode";

const shown = {
  id: "1", name: "report", description: null, type: "shell", config: '{"script":"true"}', spec: { script: "true" }, priority: 8, project_id: "default",
  timezone: "Europe/Berlin", schedule: { type: "cron", expression: "0 9 * * *", timezone: "Europe/Berlin" }, scheduled_at: "2030-01-01T08:00:00.000Z",
  enabled: true, queue: "bulk", overlap: "queue", misfire: "all", misfire_limit: 5, misfire_grace_seconds: 90, retry: { preset: "taskflow" },
  timeout_seconds: 60, on_lost: "retry", concurrency_key: "x", concurrency_limit: 2, external_id: "e", keep_last: 3, retention_days: 4,
  tags: [{ id: "t1", name: "a" }], version: 4, status: "scheduled",
};

it("changes nothing of a job that nobody changed", () => {
  expect(toPatch(toForm(shown), toForm(shown))).toEqual({});
  expect(toRequest(toForm(toRequest(toForm(shown))))).toEqual(toRequest(toForm(shown)));
});

it("sends only what was changed", () => {
  const form = toForm(shown);
  form.name = "other";
  form.timeout = null;
  form.tagIds = [];
  expect(toPatch(toForm(shown), form)).toEqual({ name: "other", timeout_seconds: null, tag_ids: [] });
});

it("says by both that a job now runs once, and by the rule alone that it recurs", () => {
  const once = toForm(shown);
  Object.assign(once.when, { kind: "once", at: "in 5m" });
  expect(toPatch(toForm(shown), once)).toEqual({ schedule: null, scheduled_at: "in 5m" });
  expect(toPatch(once, toForm(shown))).toEqual({ schedule: shown.schedule });
});

it("makes a job with what differs from the defaults", () => {
  const form = emptyForm("UTC");
  form.name = " x ";
  form.config = { script: "true" };
  expect(toCreate(form)).toEqual({ name: "x", type: "shell", config: { script: "true" }, scheduled_at: "now", timezone: "UTC" });
  form.when.kind = "manual";
  expect(toCreate(form)).toEqual({ name: "x", type: "shell", config: { script: "true" }, schedule: { type: "manual", timezone: "UTC" }, timezone: "UTC" });
});

it("clones without what only one job can have", () => {
  expect(toClone(shown, "copy")).toMatchObject({ name: "copy", externalId: "", when: { kind: "cron" }, projectId: "default", tagIds: ["t1"], priority: 8 });
  expect(toClone({ ...shown, schedule: { type: "once", timezone: "UTC" } }, "copy").when.kind).toBe("now");
});

it("finds the section of every field that can be at fault", () => {
  expect(["name", "config.script", "schedule.expression", "scheduled_at", "retry.delays", "on_lost", "misfire_limit", "concurrency_key", "tag_ids", "type"].map(sectionOf)).toEqual([
    "general", "what", "when", "when", "fails", "fails", "when", "advanced", "general", "what",
  ]);
  for (const name of Object.keys(toRequest(emptyForm("UTC")))) expect(SECTIONS).toContain(sectionOf(name));
});

it("names what the form would lose", () => {
  expect(unknownNames({ ...toRequest(toForm(shown)), colour: 1, schedule: { type: "cron", foo: 2 } })).toEqual(["colour", "schedule.foo"]);
  expect(unknownNames(toRequest(toForm(shown)))).toEqual([]);
});
