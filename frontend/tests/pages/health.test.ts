import { flushPromises } from "@vue/test-utils";
import { describe, expect, it, vi } from "vitest";

import HealthPanel from "@/pages/settings/HealthPanel.vue";

import { mounted } from "./mounting";

const WELL = { status: "ok", version: "9.8.7", database: { status: "ok", kind: "sqlite" }, schema: { status: "ok" }, broker: { status: "ok", kind: "redis", embedded: true }, workers: { status: "ok", consuming: 1 }, docker: { status: "ok", engine: "up" } };

async function shownOf(report: object, status = 200): Promise<string> {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(report), { status })));
  const wrapper = mounted(HealthPanel, {}, ["dashboard:admin"]);
  await flushPromises();
  await flushPromises();
  return wrapper.text();
}

describe("how the product is", () => {
  it("names what it stands on", async () => {
    const text = await shownOf(WELL);
    for (const words of ["OneOff 9.8.7", "SQLite", "Redis, started by OneOff itself", "one takes jobs", "reached"]) expect(text).toContain(words);
    expect(text).not.toContain("Tables");
  });

  it("says what is wrong, also when the answer is 503", async () => {
    const problem = "the database does not answer (timeout)";
    const text = await shownOf({ ...WELL, status: "down", database: { status: "down", kind: "postgresql", problem }, schema: { status: "down", problem }, workers: { status: "degraded", consuming: 0, problem: "nobody serves: run" } }, 503);
    for (const words of ["Down", "PostgreSQL", problem, "Tables", "Not all well", "none takes jobs", "nobody serves: run"]) expect(text).toContain(words);
  });
});
