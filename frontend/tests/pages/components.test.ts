import { describe, expect, it } from "vitest";

import ChainOrder from "@/pages/chains/ChainOrder.vue";
import LinkRows from "@/pages/chains/LinkRows.vue";
import ProgressCard from "@/pages/deadLetters/ProgressCard.vue";
import NeedsLook from "@/pages/overview/NeedsLook.vue";
import LaneTable from "@/pages/timeline/LaneTable.vue";

import { mounted } from "./mounting";

const none = { job_id: null, job_name: null, type: null, execution_id: null, number: null, error: null, error_code: null, reason: null, count: null, first_at: null, last_at: null, fingerprint: null, queue: null, worker: null };
const failed = {
  ...none,
  kind: "failed",
  error_code: "EXIT_CODE",
  error: "boom\nat line 2",
  count: 6,
  last_at: "2026-11-24T04:31:00Z",
  execution_id: "e1",
  job_id: "j1",
  job_name: "vacuum-analytics",
};
const missed = { ...failed, kind: "missed", error: null, execution_id: "e2", job_name: "log-archive", count: 1 };
const dead = { ...failed, kind: "dead_letter", fingerprint: "f1", count: 4, error: "HTTP 422" };
const unserved = { ...none, kind: "unserved", queue: "bulk", count: 3 };
const looksOf = (...items: object[]): object => ({ items, total: items.length, error_groups: items.length, new_error_groups: 0 });

describe("what needs a look", () => {
  it("tells each with its reason, how often, and the fitting act, in the server's order", () => {
    const page = mounted(NeedsLook, { looks: looksOf(unserved, dead, failed, missed) }, ["job:execute"]);
    const lines = page.findAll("li").map((line) => line.text());
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/bulk.*no worker serves this queue.*3 waiting.*Open/);
    expect(lines[1]).toMatch(/Dead letter.*HTTP 422.*Review/);
    expect(lines[2]).toMatch(/boom.*6 times.*Retry/);
    expect(lines[2]).not.toContain("line 2");
    expect(lines[3]).toMatch(/Missed.*once.*Run now/);
    expect(page.findAll("li a").map((link) => link.attributes("href"))).toContain("/dead-letters?group=f1");
  });

  it("offers no act to who may not start anything", () => {
    expect(mounted(NeedsLook, { looks: looksOf(failed) }, []).find("li button").exists()).toBe(false);
  });

  it("says in one line that all is well, and when it last was not", () => {
    const well = mounted(NeedsLook, { looks: looksOf(), lastFailureAt: "2026-11-23T04:31:00Z" }, []);
    expect(well.text()).toMatch(/Nothing needs you\..*Last failure/);
    expect(mounted(NeedsLook, { looks: looksOf(), lastFailureAt: null }, []).text()).toContain("Nothing has failed yet.");
  });

  it("says nothing before it is told anything", () => {
    expect(mounted(NeedsLook, { looks: undefined }, []).text()).not.toContain("Nothing needs you");
  });
});

describe("the order of a chain", () => {
  const links = [
    { id: "l1", job_id: "j1", job_name: "freeze", stop_on_failure: false, run_if: "success" },
    { id: "l2", job_id: "j2", job_name: "export", stop_on_failure: true, run_if: "success" },
  ];

  it("shows the links and what a failure means before anything has run", () => {
    const page = mounted(ChainOrder, { links, run: undefined }, []);
    expect(page.findAll(".node .name").map((node) => node.text())).toEqual(["freeze", "export"]);
    expect(page.find(".edge").text()).toContain("goes on");
  });

  it("leads from a link of a run to its last execution, and says which waits for which", () => {
    const run = {
      status: "running",
      links: [
        { index: 1, job_id: "j1", job_name: "freeze", status: "completed", stop_on_failure: true, run_if: "success", duration_ms: 8100, executions: [{ id: "x1", attempt: 2, completed_at: "2026-11-24T14:26:12Z" }] },
        { index: 2, job_id: "j2", job_name: "export", status: "pending", stop_on_failure: true, run_if: "success", duration_ms: null, executions: [] },
      ],
    };
    const nodes = mounted(ChainOrder, { links, run }, []).findAll(".node");
    expect(nodes[0]?.text()).toContain("completed, attempt 2");
    expect(nodes[0]?.text()).toContain("8.1 s");
    expect(nodes[0]?.find("a").attributes("href")).toBe("/executions/x1");
    expect(nodes[1]?.text()).toContain("waits for link 1");
  });
});

it("moves a link by Alt and an arrow, and says where it is now", async () => {
  const made = ["a", "b", "c"].map((name) => ({ key: name, jobId: name, name, stops: true, runIf: "success" }));
  let given = made;
  const page = mounted(LinkRows, { modelValue: made, "onUpdate:modelValue": (next: typeof made) => (given = next) }, []);
  await page.findAll("li")[0]?.trigger("keydown", { key: "ArrowDown", altKey: true });
  expect(given.map((link) => link.name)).toEqual(["b", "a", "c"]);
  expect(page.find("[role=status]").text()).toBe("a is now link 2 of 3.");
});

it("tells how far a replay is, and offers to stop it until it is over", () => {
  const running = mounted(ProgressCard, { progress: { total: 7, done: 3, refused: 1, isOver: false, wasStopped: false } }, []);
  expect(running.text()).toContain("Replaying: 3 of 7");
  expect(running.text()).toContain("1 was refused and stays");
  expect(running.find("button").text()).toBe("Stop");
  expect(mounted(ProgressCard, { progress: { total: 7, done: 7, refused: 0, isOver: true, wasStopped: false } }, []).find("button").text()).toBe("Close");
});

it("says in a table what the timeline draws, by time", () => {
  const bar = { id: "x1", number: 7, look: "failed", from: Date.parse("2026-11-24T14:10:00Z"), to: Date.parse("2026-11-24T14:11:00Z"), usualEnd: null, isOpen: false, lateness: null };
  const lanes = [
    { jobId: "1", name: "later", bars: [], planned: [Date.parse("2026-11-24T15:00:00Z")] },
    { jobId: "2", name: "tls", bars: [bar], planned: [] },
  ];
  const rows = mounted(LaneTable, { lanes }, []).findAll("tbody tr");
  expect(rows[0]?.text()).toContain("tls #7");
  expect(rows[0]?.text()).toContain("Failed");
  expect(rows[0]?.text()).toContain("1 m 00 s");
  expect(rows[1]?.text()).toContain("Planned");
});
