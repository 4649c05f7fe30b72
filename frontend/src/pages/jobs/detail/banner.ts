import type { Job } from "../legal";

export type Banner = "paused" | "off" | "failed" | "outgrown" | "changed";

/** So many bad ends in a row are more than bad luck. */
const MANY = 2;

/** The least time between moments that follow each other; null if there are too few. */
export function closest(moments: readonly { utc?: string }[]): number | null {
  const times = moments.flatMap(({ utc }) => (utc ? [Date.parse(utc)] : []));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return gaps.length ? Math.min(...gaps) : null;
}

/** The one thing that has to be known of a job before all else; null if there is none. */
export function bannerOf(job: Job, gapMs: number | null): Banner | null {
  if (job.status === "paused") return "paused";
  if (job.enabled === false) return "off";
  if ((job.consecutive_failures ?? 0) >= MANY) return "failed";
  if (gapMs !== null && job.usual_duration_ms != null && job.usual_duration_ms > gapMs) return "outgrown";
  const started = job.last_execution?.started_at;
  if (started && job.updated_at && (job.version ?? 1) > 1 && Date.parse(job.updated_at) > Date.parse(started)) return "changed";
  return null;
}
