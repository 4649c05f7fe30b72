/** The states as the page shows them: one hue, one shape and one word each. */

export type Look =
  | "completed"
  | "failed"
  | "timeout"
  | "missed"
  | "running"
  | "cancelling"
  | "queued"
  | "scheduled"
  | "cancelled"
  | "skipped"
  | "off"
  | "dead_letter"
  | "paused";

const HUES: Record<Look, string> = {
  completed: "--st-completed",
  failed: "--st-failed",
  timeout: "--st-timeout",
  missed: "--st-timeout",
  running: "--st-running",
  cancelling: "--st-running",
  queued: "--st-queued",
  scheduled: "--st-scheduled",
  cancelled: "--st-cancelled",
  skipped: "--st-cancelled",
  off: "--st-cancelled",
  dead_letter: "--st-dead",
  paused: "--st-paused",
};

/** The CSS colour of a look. */
export function hue(look: Look): string {
  return `var(${HUES[look]})`;
}

/** How a status on the wire looks; what was skipped because nobody was there reads as missed. */
export function lookOf(status: string, reason?: string | null): Look {
  if (status === "skipped" && reason?.startsWith("missed")) return "missed";
  return status in HUES ? (status as Look) : "off";
}

/** How a job looks in a list: what it does now, else how its last execution ended. */
export function lookOfJob(job: { status?: string; enabled?: boolean; last_execution?: { status?: string } | null }): Look {
  if (job.status === "paused") return "paused";
  if (job.enabled === false) return "off";
  if (job.status === "running") return "running";
  return lookOf(job.status ?? "scheduled");
}
