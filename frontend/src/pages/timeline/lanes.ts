/** Executions and planned moments on one axis of time, one lane a job. */

import { type Look, lookOf } from "@/lib/status";

const MINUTE = 60_000;
export const RANGES = { "1h": 60, "5h": 300, "24h": 1440, "7d": 10_080 } as const;
export type Range = keyof typeof RANGES;
/** Minutes from one mark of the axis to the next. */
export const MARKS: Record<Range, number> = { "1h": 10, "5h": 30, "24h": 120, "7d": 1440 };

export interface Span {
  from: number;
  to: number;
}

export interface Past {
  id?: string;
  job_id?: string;
  job_name?: string;
  number?: number;
  status?: string;
  reason?: string | null;
  started_at?: string | null;
  completed_at?: string;
  lateness_ms?: number | null;
}

export interface Coming {
  at: string;
  job_id: string;
  job_name: string;
}

export interface Bar {
  id: string;
  number: number;
  look: Look;
  from: number;
  to: number;
  /** Until when it usually runs, where it still does. */
  usualEnd: number | null;
  isOpen: boolean;
  lateness: number | null;
}

export interface Lane {
  jobId: string;
  name: string;
  bars: Bar[];
  planned: number[];
}

/** The stretch of a range around a moment; it begins at a whole mark, so that it does not creep. */
export function spanOf(range: Range, centre: number): Span {
  const length = RANGES[range] * MINUTE;
  const step = (MARKS[range] / 2) * MINUTE;
  const from = Math.round((centre - length / 2) / step) * step;
  return { from, to: from + length };
}

/** The lanes of all jobs that ran within the span or are planned in it, by name. */
export function lanesOf(past: readonly Past[], coming: readonly Coming[], span: Span, now: number, usual: ReadonlyMap<string, number>): Lane[] {
  const lanes = new Map<string, Lane>();
  const lane = (jobId: string, name: string): Lane => {
    const found = lanes.get(jobId) ?? { jobId, name, bars: [], planned: [] };
    lanes.set(jobId, found);
    return found;
  };
  for (const row of past) {
    if (!row.started_at || !row.id) continue;
    const from = Date.parse(row.started_at);
    const isOpen = !row.completed_at;
    const to = row.completed_at ? Date.parse(row.completed_at) : now;
    if (to < span.from || from > span.to) continue;
    const length = usual.get(row.job_id ?? "");
    const usualEnd = isOpen && length && from + length > now ? from + length : null;
    lane(row.job_id ?? "", row.job_name ?? "").bars.push({
      id: row.id,
      number: row.number ?? 0,
      look: lookOf(row.status ?? "", row.reason),
      from,
      to,
      usualEnd,
      isOpen,
      lateness: row.lateness_ms ?? null,
    });
  }
  for (const moment of coming) {
    const at = Date.parse(moment.at);
    if (at > now && at >= span.from && at <= span.to) lane(moment.job_id, moment.job_name).planned.push(at);
  }
  return [...lanes.values()].sort((a, b) => a.name.localeCompare(b.name) || a.jobId.localeCompare(b.jobId));
}

/** Where a stretch lies on an axis of so many pixels: cut off at its ends, and never too thin to see. */
export function placed(from: number, to: number, span: Span, width: number, least = 3): { x: number; width: number } {
  const scale = width / (span.to - span.from);
  const left = Math.max(0, (from - span.from) * scale);
  const right = Math.min(width, (to - span.from) * scale);
  const long = Math.max(least, right - left);
  return { x: Math.min(left, width - least), width: long };
}
