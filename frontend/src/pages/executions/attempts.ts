import type { Schemas } from "@/api/client";

type Execution = Schemas["ExecutionOut"];

export interface Bar {
  row: Execution;
  from: number;
  to: number;
}

export interface Wait {
  from: number;
  to: number;
  /** Until when the next attempt waits, if it has not begun. */
  isOpen: boolean;
}

export interface Scale {
  from: number;
  to: number;
  bars: Bar[];
  waits: Wait[];
  /** When it usually ends, and when its time is over; 0 if that is not to be shown. */
  usualEnd: number;
  limitEnd: number;
}

const isOpen = (row: Execution): boolean => row.status === "running" || row.status === "cancelling";

/** All attempts of one due moment on one scale of time. */
export function scaleOf(rows: readonly Execution[], now: number, usual: number | null, limit: number | null): Scale | null {
  const known = [...rows].sort((a, b) => (a.attempt ?? 1) - (b.attempt ?? 1));
  const bars = known.flatMap((row) => (row.started_at ? [{ row, from: Date.parse(row.started_at), to: isOpen(row) || !row.completed_at ? now : Date.parse(row.completed_at) }] : []));
  const last = bars.at(-1);
  if (!last) return null;
  const waits: Wait[] = bars.slice(1).map((bar, index) => ({ from: bars[index]?.to ?? 0, to: bar.from, isOpen: false })).filter((wait) => wait.to > wait.from);
  const next = known.find((row) => !row.started_at && (row.status === "scheduled" || row.status === "queued"));
  if (next?.run_at) waits.push({ from: last.to, to: Math.max(Date.parse(next.run_at), last.to), isOpen: true });
  const running = isOpen(last.row);
  const usualEnd = running && usual ? last.from + usual : 0;
  const limited = running && limit ? last.from + limit : 0;
  const from = bars[0]?.from ?? 0;
  const end = Math.max(usualEnd, last.to, ...waits.map((wait) => wait.to), from + 1);
  // A limit that is far away would press all else together.
  const limitEnd = limited && limited - from <= 2 * (end - from) ? limited : 0;
  return { from, to: Math.max(end, limitEnd), bars, waits, usualEnd: usualEnd > now ? usualEnd : 0, limitEnd };
}
