/** What may be done with a job in its present state. */
import type { Schemas } from "@/api/client";

export type Job = Schemas["JobOut"];
export const ACTS = ["run", "pause", "resume", "start", "stop", "cancel", "reschedule", "edit", "clone", "delete"] as const;
export type Act = (typeof ACTS)[number];

/** The permissions of which one is needed. */
export const NEEDS: Record<Act, readonly string[]> = {
  run: ["job:execute"],
  pause: ["job:write", "job:write-own"],
  resume: ["job:write", "job:write-own"],
  start: ["job:write", "job:write-own"],
  stop: ["job:write", "job:write-own"],
  cancel: ["execution:stop"],
  reschedule: ["job:write", "job:write-own"],
  edit: ["job:write", "job:write-own"],
  clone: ["job:write"],
  delete: ["job:delete", "job:write-own"],
};

/** Why a move is not open at present: the name of a text. */
export type Obstacle = "isOff" | "isRunning" | "hasEnded" | "runsOnce";

export function runsOnce(job: Job): boolean {
  return (job.schedule?.type ?? "once") === "once";
}

/** Whether a start by hand may be given variables, arguments or a body. */
export function takesParameters(job: Job): boolean {
  return ["shell", "docker", "http", "claude", "python"].includes(job.type ?? "");
}

/** What stands in the way of a start that may go beside what is in progress. */
export function obstacleToRunWith(job: Job): Obstacle | null {
  const found = obstacleTo("run", job);
  return found === "isRunning" ? null : found;
}

function isResting(job: Job): boolean {
  return job.status === "cancelled" || job.status === "completed" || job.status === "failed";
}

/** Whether the schedule was stopped or has come to its end: then it can be started anew. */
function hasStopped(job: Job): boolean {
  const type = job.schedule?.type;
  return !runsOnce(job) && type !== "manual" && isResting(job) && !job.next_due_at;
}

/** The moves that make sense for a job in this state, legal at this moment or not. */
export function actsOf(job: Job): Act[] {
  const isPaused = job.status === "paused";
  const once = runsOnce(job);
  const has: Record<Act, boolean> = {
    run: true,
    pause: !isPaused && !hasStopped(job) && !(once && isResting(job)),
    resume: isPaused,
    start: hasStopped(job),
    stop: !once && !hasStopped(job),
    cancel: once && !isResting(job),
    reschedule: once && (job.status === "scheduled" || isPaused),
    edit: true,
    clone: true,
    delete: true,
  };
  return ACTS.filter((act) => has[act]);
}

/** What stands in the way of a move now; null if nothing does. */
export function obstacleTo(act: Act, job: Job): Obstacle | null {
  const once = runsOnce(job);
  switch (act) {
    case "run":
      if (job.enabled === false) return "isOff";
      return job.status === "running" && (job.overlap ?? "skip") === "skip" ? "isRunning" : null;
    case "pause":
      return once && job.status === "running" ? "runsOnce" : null;
    case "edit":
      if (!once) return null;
      if (job.status === "running") return "isRunning";
      return isResting(job) ? "hasEnded" : null;
    case "delete":
      return job.status === "running" ? "isRunning" : null;
    default:
      return null;
  }
}
