import { describe, expect, it } from "vitest";

import DecisionTrace from "@/components/DecisionTrace.vue";
import { errorPlace } from "@/components/log/place";
import { scaleOf } from "@/pages/executions/attempts";
import { resultOf } from "@/pages/executions/result";
import { factsOf, tailOf } from "@/pages/executions/useCompared";

import { mounted } from "./mounting";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const failed = { id: "a", attempt: 1, status: "failed" as const, started_at: at(100), completed_at: at(110) };

describe("attempts on one scale of time", () => {
  it("tells the waits between them, also that of one which has not begun", () => {
    const second = { id: "b", attempt: 2, status: "failed" as const, started_at: at(140), completed_at: at(150) };
    const third = { id: "c", attempt: 3, status: "scheduled" as const, run_at: at(210) };
    const scale = scaleOf([third, second, failed], 160_000, null, null);
    expect(scale?.bars.map((bar) => bar.row.id)).toEqual(["a", "b"]);
    expect(scale?.waits).toEqual([
      { from: 110_000, to: 140_000, isOpen: false },
      { from: 150_000, to: 210_000, isOpen: true },
    ]);
    expect([scale?.from, scale?.to]).toEqual([100_000, 210_000]);
  });

  it("marks the usual end and the limit of what runs, if they are in sight", () => {
    const running = { id: "a", attempt: 1, status: "running" as const, started_at: at(100) };
    const scale = scaleOf([running], 130_000, 60_000, 100_000);
    expect([scale?.usualEnd, scale?.limitEnd, scale?.to]).toEqual([160_000, 200_000, 200_000]);
    expect(scaleOf([running], 130_000, 60_000, 86_400_000)?.limitEnd).toBe(0);
    expect(scaleOf([running], 170_000, 60_000, null)?.usualEnd).toBe(0);
    expect(scaleOf([failed], 130_000, 60_000, 100_000)?.limitEnd).toBe(0);
  });

  it("is nothing before the first has begun", () => {
    expect(scaleOf([{ id: "a", status: "queued" }], 0, null, null)).toBeNull();
  });
});

describe("where the log of what failed is opened", () => {
  const lines = (marks: string): { stream: "stdout" | "stderr" }[] => [...marks].map((mark) => ({ stream: mark === "e" ? "stderr" : "stdout" }));
  it("is the first of the last words on stderr, if they are near the end", () => {
    expect(errorPlace(lines("e..eee."))).toBe(3);
    expect(errorPlace(lines("..."))).toBe(-1);
    expect(errorPlace(lines(`e${".".repeat(300)}`))).toBe(-1);
    expect(errorPlace(lines("ee"))).toBe(0);
  });
});

describe("what came out of an execution", () => {
  it("is its JSON, else its last line", () => {
    expect(resultOf({ output: '{"rows": 3}\n' })).toEqual({ json: { rows: 3 } });
    expect(resultOf({ output: 'begin\n[1, 2]\n' })).toEqual({ json: [1, 2] });
    expect(resultOf({ output: "{no json\ndone\n" })).toEqual({ line: "done" });
    expect(resultOf({})).toEqual({});
  });
});

describe("an execution beside the last good one", () => {
  it("names what differs, and compares the ends of both logs", () => {
    const reads = { version: () => "1", exit: (row: { exit_code?: number }) => String(row.exit_code), duration: () => "", worker: () => "", queue: () => "", priority: () => "", origin: () => "", memory: () => "" };
    const { differing, facts } = factsOf({ exit_code: 0 }, { exit_code: 3 }, reads);
    expect([...differing]).toEqual(["exit"]);
    expect(facts).toHaveLength(8);
    expect(tailOf({ output: `${Array.from({ length: 300 }, (_, n) => n).join("\n")}\n` }).split("\n")[0]).toBe("100");
  });
});

describe("decisions", () => {
  it("link the executions that they name", () => {
    const id = "01a21e485a3077d18f7d3d7743fa8348";
    const trace = mounted(DecisionTrace, { steps: [{ step: "wait", text: `It waits until execution ${id} of the same job has ended`, at: null }] }, []);
    expect(trace.find("a").attributes("href")).toBe(`/executions/${id}`);
    expect(trace.text()).toContain("of the same job has ended");
    expect(trace.text()).toContain("Waiting");
  });
});
