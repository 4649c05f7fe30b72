/** Marks on an axis of time: on round clock times only, in the zone in which the page is read. */

import type { Reading } from "./moment";

const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function clockFormat(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    formats.set(zone, found);
  }
  return found;
}

/** The clock alone, such as 14:30. */
export function clockText(at: number, reading: Reading): string {
  return clockFormat(reading.zone).format(at);
}

function minuteOfDay(at: number, zone: string): number {
  const [hour = "0", minute = "0"] = clockFormat(zone).format(at).split(":");
  return Number(hour) * 60 + Number(minute);
}

/** The moments between two others at which the clock shows a multiple of so many minutes. */
export function ticks(from: number, to: number, everyMinutes: number, reading: Reading): { at: number; text: string }[] {
  const found = [];
  // Zones are whole minutes, and all but historic ones whole quarters of an hour, away from UTC.
  const step = Math.min(everyMinutes, 15) * MINUTE;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    if (minuteOfDay(at, reading.zone) % everyMinutes === 0) found.push({ at, text: clockText(at, reading) });
  }
  return found;
}
