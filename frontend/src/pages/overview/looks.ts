import type { Schemas } from "@/api/client";
import { type Look, lookOf } from "@/lib/status";

export type LookAt = Schemas["LookOut"];
/** The one thing to do about it. */
export type Act = "retry" | "run" | "review" | "open";

export interface Line {
  key: string;
  look: Look;
  /** The job, the queue or the worker. */
  name: string;
  /** A text of its own, or the first line of the error. */
  reason: { text: string } | { key: "missed" | "late" | "unserved" | "idle" };
  count: number | null;
  at: string | null;
  to: string;
  act: Act;
  jobId: string;
  executionId: string;
}

function firstLine(text: string | null): string {
  return (text ?? "").split("\n")[0] ?? "";
}

function ofExecution(one: LookAt, mayRun: boolean): Line {
  const look = lookOf(one.kind);
  const isDead = one.kind === "dead_letter";
  const acts: Partial<Record<string, Act>> = { missed: "run", failed: "retry" };
  return {
    key: `${one.kind} ${one.fingerprint ?? one.execution_id ?? ""}`,
    look,
    name: one.job_name ?? "",
    reason: one.kind === "missed" ? { key: "missed" } : { text: firstLine(one.error ?? one.error_code) },
    count: one.count,
    at: one.last_at,
    to: isDead ? `/dead-letters?group=${one.fingerprint ?? ""}` : `/executions/${one.execution_id ?? ""}`,
    act: isDead ? "review" : mayRun ? (acts[one.kind] ?? "open") : "open",
    jobId: one.job_id ?? "",
    executionId: one.execution_id ?? "",
  };
}

/** What needs a look, as lines: how each looks, why, and what may be done about it. */
export function linesOf(items: readonly LookAt[], mayRun: boolean): Line[] {
  return items.map((one) => {
    if (one.queue === null && one.worker === null) return ofExecution(one, mayRun);
    const key = one.kind === "idle_worker" ? "idle" : one.kind === "late" ? "late" : "unserved";
    const name = one.queue ?? one.worker ?? "";
    return { key: `${one.kind} ${name}`, look: key === "late" ? "timeout" : "missed", name, reason: { key }, count: one.count, at: null, to: "/workers", act: "open", jobId: "", executionId: "" };
  });
}
