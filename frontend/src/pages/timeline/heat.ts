/** A week by the hour: how often a job ended within each, and how often badly. */

import { dayOf, type Reading } from "@/lib/moment";

import { RANGES, type Span } from "./lanes";

export const HOUR = 3_600_000;
const WEEK = RANGES["7d"] * 60_000;

export interface HeatJob {
  job_id: string;
  job_name: string;
  runs: number[];
  failed: number[];
}

/** An hour in which something ended. */
export interface Cell {
  at: number;
  runs: number;
  failed: number;
  /** On which day of the week shown, and in which hour of it, where the page is read. */
  day: number;
  hour: number;
}

export interface HeatLane {
  jobId: string;
  name: string;
  cells: Cell[];
  runs: number;
  failed: number;
}

/** The week around a moment, in whole hours; it ends with the present one at the latest. */
export function weekOf(centre: number, now: number): Span {
  const last = Math.ceil((now + 1) / HOUR) * HOUR;
  const to = Math.min(last, Math.ceil((centre + WEEK / 2) / HOUR) * HOUR);
  return { from: to - WEEK, to };
}

/** The days that hours lie in where the page is read, each with where it begins. */
export function daysOf(since: number, hours: number, reading: Reading): { key: string; at: number; first: number }[] {
  const days: { key: string; at: number; first: number }[] = [];
  for (let index = 0; index < hours; index += 1) {
    const at = since + index * HOUR;
    const key = dayOf(new Date(at), reading);
    if (days.at(-1)?.key !== key) days.push({ key, at, first: index });
  }
  return days;
}

/** Room that the name of a day takes on the axis, in pixels. */
const NAME_ROOM = 56;

/** Where the names of days stand: the last one always, ended by the axis; none over another. */
export function namedDays<Day extends { first: number }>(days: readonly Day[], step: number, width: number): { day: Day; x: number }[] {
  const placed = days.map((day) => ({ day, x: Math.max(0, Math.min(day.first * step, width - NAME_ROOM)) }));
  return placed.filter(({ x }, index) => index === placed.length - 1 || (placed[index + 1]?.x ?? Infinity) - x >= NAME_ROOM);
}

/** A day as its axis and its table name it. */
export function dayName(at: number, reading: Reading, options: Intl.DateTimeFormatOptions): string {
  const language = reading.language === "en" ? "en-GB" : reading.language;
  return new Intl.DateTimeFormat(language, { ...options, timeZone: reading.zone }).format(at);
}

/** The jobs by name, with the hours in which something ended. */
export function heatOf(jobs: readonly HeatJob[], since: number, reading: Reading): HeatLane[] {
  const hours = Math.max(0, ...jobs.map((job) => job.runs.length));
  const days = daysOf(since, hours, reading);
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: reading.zone, hour: "2-digit", hourCycle: "h23" });
  const places = Array.from({ length: hours }, (_, index) => ({
    day: days.findLastIndex((day) => day.first <= index),
    hour: Number(clock.format(since + index * HOUR)),
  }));
  const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);
  return jobs
    .map((job) => ({
      jobId: job.job_id,
      name: job.job_name,
      runs: sum(job.runs),
      failed: sum(job.failed),
      cells: job.runs.flatMap((runs, index) => (runs ? [{ at: since + index * HOUR, runs, failed: job.failed[index] ?? 0, ...(places[index] ?? { day: 0, hour: 0 }) }] : [])),
    }))
    .sort((a, b) => a.name.localeCompare(b.name) || a.jobId.localeCompare(b.jobId));
}

/** Of what ended, how much ended badly, in whole per cent; never 0 for some, nor 100 for not all. */
export function percentBad(failed: number, runs: number): number {
  if (!failed || failed >= runs) return failed ? 100 : 0;
  return Math.min(99, Math.max(1, Math.round((100 * failed) / runs)));
}
