import type { QueryKey } from "@tanstack/vue-query";

/** What changed since the page was last made true. */
export interface Changes {
  jobs: Set<string>;
  executions: Set<string>;
}

/** These show one job or one execution: the second part of their key is its id. */
const OF_JOB = new Set(["job", "job-runs", "job-stats", "job-next"]);
const OF_EXECUTION = new Set(["execution", "why"]);
/** Nothing that jobs and executions do changes these. */
const APART = new Set(["audit", "config", "emails", "keys", "projects", "roles", "smtp", "tags", "timezone", "users", "variables"]);
/** Of these every change is told: they need not be asked for time and again. */
const TOLD = new Set([...OF_EXECUTION, "attempts", "executions", "job", "job-runs", "jobs"]);

/** Whether one thing is shown here, so that it is asked for at once. */
export function isOfOne(key: QueryKey): boolean {
  return OF_JOB.has(String(key[0])) || OF_EXECUTION.has(String(key[0]));
}

/** Whether changes may show in what was asked for under a key. */
export function concerns(key: QueryKey, changes: Changes): boolean {
  const [name, id] = [String(key[0]), String(key[1])];
  if (OF_JOB.has(name)) return changes.jobs.has(id);
  if (OF_EXECUTION.has(name)) return changes.executions.has(id);
  return !APART.has(name);
}

/** Whether the stream tells of everything that changes what was asked for under a key. */
export function isTold(key: QueryKey): boolean {
  return TOLD.has(String(key[0]));
}
