/** Doing the same to many, in calls one after the other, so that it can be watched, paused and stopped. */

export interface One {
  id: string;
  name: string;
  status?: string;
  result?: "done" | "refused" | "skipped";
  error?: string;
}

/** What the server says that an act would come to. */
export interface Trial {
  matched: number;
  checked: number;
  refused: number;
  refusals: One[];
  samples: One[];
  created_before: string;
}

/** What one call did. */
export interface Step {
  done: number;
  refused: number;
  skipped: number;
  results: One[];
  next_cursor: string | null;
  created_before: string;
}

export interface Going {
  title: string;
  total: number;
  done: number;
  refused: number;
  skipped: number;
  /** The latest, newest first: no more are shown. */
  latest: One[];
  failures: One[];
  state: "going" | "paused" | "stopped" | "over" | "failed";
  /** Things a second, once that can be said. */
  rate: number | null;
}

const SHOWN = 50;
const KEPT = 1000;

export function begun(title: string, total: number): Going {
  return { title, total, done: 0, refused: 0, skipped: 0, latest: [], failures: [], state: "going", rate: null };
}

export function met(going: Going): number {
  return going.done + going.refused + going.skipped;
}

/** How far it is after a call; `seconds` are those in which it went. */
export function after(going: Going, step: Step, seconds: number): Going {
  const next: Going = {
    ...going,
    done: going.done + step.done,
    refused: going.refused + step.refused,
    skipped: going.skipped + step.skipped,
    latest: [...step.results].reverse().concat(going.latest).slice(0, SHOWN),
    failures: [...going.failures, ...step.results.filter((one) => one.result === "refused")].slice(0, KEPT),
  };
  const number = met(next);
  // What was made since the count, or the other way round: the bar ends where the work does.
  const total = step.next_cursor === null ? number : Math.max(going.total, number);
  return { ...next, total, rate: seconds > 0 ? number / seconds : null, state: step.next_cursor === null ? "over" : going.state };
}
