/** Minutes in which more is due than there are slots. */

import type { Coming } from "./lanes";

const MINUTE = 60_000;
/** No farther than this a job is suggested to be moved. */
const FARTHEST = 30;

export interface BusyMinute {
  at: number;
  /** What is due within it, each job once, by name; those that can go elsewhere come first. */
  jobs: { id: string; name: string; movable: boolean }[];
  due: number;
  /** How many of them find no slot. */
  waiting: number;
  /** The nearest minute with a slot to spare. */
  free: number | null;
}

/** The busiest minutes to come, the next first; what is known of ends at `until`. */
export function busyMinutes(coming: readonly Coming[], slots: number, now: number, until: number, most = 3): BusyMinute[] {
  if (slots <= 0) return [];
  const minutes = new Map<number, Coming[]>();
  for (const moment of coming) {
    const at = Math.floor(Date.parse(moment.at) / MINUTE) * MINUTE;
    if (at > now) minutes.set(at, [...(minutes.get(at) ?? []), moment]);
  }
  const count = (at: number): number => minutes.get(at)?.length ?? 0;
  const free = (at: number): number | null => {
    for (let offset = 1; offset <= FARTHEST; offset += 1) {
      for (const one of [at + offset * MINUTE, at - offset * MINUTE]) if (one > now && one + MINUTE <= until && count(one) < slots) return one;
    }
    return null;
  };
  return [...minutes]
    .filter(([, due]) => due.length > slots)
    .sort(([a, before], [b, after]) => after.length - before.length || a - b)
    .slice(0, most)
    .sort(([a], [b]) => a - b)
    .map(([at, due]) => {
      const target = free(at);
      const there = new Set((target === null ? [] : (minutes.get(target) ?? [])).map((one) => one.job_id));
      const jobs = [...new Map(due.map((one) => [one.job_id, { id: one.job_id, name: one.job_name, movable: target !== null && !there.has(one.job_id) }])).values()];
      jobs.sort((a, b) => Number(b.movable) - Number(a.movable) || a.name.localeCompare(b.name));
      return { at, jobs, due: due.length, waiting: due.length - slots, free: target };
    });
}
