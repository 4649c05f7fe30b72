/** Moments as people read them: only the clock today, with the day this week, with the date before. */

export interface Reading {
  /** An IANA zone. */
  zone: string;
  /** A language tag, such as en or vi. */
  language: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(reading: Reading, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${reading.language}|${reading.zone}|${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(reading.language === "en" ? "en-GB" : reading.language, {
      timeZone: reading.zone,
      hourCycle: "h23",
      ...options,
    });
    formats.set(key, found);
  }
  return found;
}

/** The calendar day of a moment, such as 2026-11-24, to compare days by. */
export function dayOf(moment: Date, reading: Reading): string {
  const parts = format(reading, "day", { year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(moment);
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")}`;
}

function clock(moment: Date, reading: Reading, seconds: boolean): string {
  const second = seconds ? ({ second: "2-digit" } as const) : {};
  return format(reading, seconds ? "hms" : "hm", { hour: "2-digit", minute: "2-digit", ...second }).format(moment);
}

/** A moment beside now: `14:32:07`, `Mon 18:00`, `8 Nov 04:00`, `8 Nov 2024 04:00`. */
export function momentText(moment: Date, now: Date, reading: Reading, seconds = false): string {
  if (dayOf(moment, reading) === dayOf(now, reading)) return clock(moment, reading, seconds);
  const days = Math.abs(moment.getTime() - now.getTime()) / 86_400_000;
  const time = clock(moment, reading, false);
  if (days < 6.5) return `${format(reading, "wd", { weekday: "short" }).format(moment)} ${time}`;
  const sameYear = dayOf(moment, reading).slice(0, 4) === dayOf(now, reading).slice(0, 4);
  const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) };
  return `${format(reading, sameYear ? "dm" : "dmy", date).format(moment)} ${time}`;
}

/** A moment in full, with its zone: for tooltips. */
export function fullText(moment: Date, reading: Reading): string {
  return format(reading, "full", {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  }).format(moment);
}

/** The zone of this browser. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** The distance of a zone from UTC at a moment, such as UTC+7. */
export function offsetText(zone: string, moment: Date): string {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(moment);
  const name = (parts.find((p) => p.type === "timeZoneName")?.value ?? "UTC").replace("GMT", "UTC");
  return name === "UTC+0" ? "UTC" : name;
}
