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
  /** The nearest minute with a slot to spare, else the nearest of the quietest. */
  better: number | null;
  hasRoom: boolean;
}

/** The busiest minutes to come, the next first; what is known of ends at `until`. */
export function busyMinutes(coming: readonly Coming[], slots: number, now: number, until: number, most = 3): BusyMinute[] {
  if (slots <= 0) return [];
  // A job that is due twice within a minute takes one slot.
  const minutes = new Map<number, Map<string, string>>();
  for (const moment of coming) {
    const at = Math.floor(Date.parse(moment.at) / MINUTE) * MINUTE;
    if (at > now) minutes.set(at, (minutes.get(at) ?? new Map<string, string>()).set(moment.job_id, moment.job_name));
  }
  const count = (at: number): number => minutes.get(at)?.size ?? 0;
  const better = (at: number): number | null => {
    const near = Array.from({ length: FARTHEST }, (_, index) => [at + (index + 1) * MINUTE, at - (index + 1) * MINUTE]).flat();
    const open = near.filter((one) => one > now && one + MINUTE <= until && count(one) + 1 < count(at));
    // The nearest comes first, and stays so among equals.
    return open.find((one) => count(one) < slots) ?? [...open].sort((a, b) => count(a) - count(b))[0] ?? null;
  };
  return [...minutes]
    .filter(([, due]) => due.size > slots)
    .sort(([a, before], [b, after]) => after.size - before.size || a - b)
    .slice(0, most)
    .sort(([a], [b]) => a - b)
    .map(([at, due]) => {
      const target = better(at);
      const there = target === null ? undefined : minutes.get(target);
      const jobs = [...due].map(([id, name]) => ({ id, name, movable: target !== null && !there?.has(id) }));
      jobs.sort((a, b) => Number(b.movable) - Number(a.movable) || a.name.localeCompare(b.name));
      return { at, jobs, due: due.size, waiting: due.size - slots, better: target, hasRoom: target !== null && count(target) < slots };
    });
}
