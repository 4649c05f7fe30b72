import { wallTime } from "@/components/form/zones";

import { cronParts } from "./cronParts";
import { UNIT_SECONDS, type WhenForm } from "./whenForm";

interface Clock {
  day: string;
  hour: number;
  minute: number;
}

function clockOf(at: string, zone: string): Clock | null {
  const wall = /^(.*)T(\d\d):(\d\d)$/.exec(wallTime(at, zone));
  return wall ? { day: wall[1] ?? "", hour: Number(wall[2]), minute: Number(wall[3]) } : null;
}

/** The minutes of a rule with one of them in another's place; null if it has no such minute. */
function minuteField(text: string, from: Clock, to: Clock): string | null {
  const list = text.split(",");
  if (list.every((one) => /^\d+$/.test(one))) {
    if (!list.some((one) => Number(one) === from.minute)) return null;
    return list.map((one) => (Number(one) === from.minute ? String(to.minute) : one)).join(",");
  }
  const step = Number(/^(?:\*|\d+(?:-59)?)\/(\d+)$/.exec(text)?.[1] ?? 0);
  const start = (from.minute % (step || 1)) + to.minute - from.minute;
  return step > 0 && 60 % step === 0 && start >= 0 && start < step ? `${String(start)}-59/${String(step)}` : null;
}

function movedCron(when: WhenForm, from: Clock, to: Clock): Partial<WhenForm> | null {
  const parts = cronParts(when.expression, when.dialect);
  const part = (name: string): { name: string; text: string } | undefined => parts.find((one) => one.name === name);
  const [minute, hour] = [part("minute"), part("hour")];
  if (!minute || !hour) return null;
  const moved = minuteField(minute.text, from, to);
  if (moved === null) return null;
  if (from.hour !== to.hour) {
    if (!/^\d+$/.test(minute.text) || !/^\d+$/.test(hour.text)) return null;
    hour.text = String(to.hour);
  }
  minute.text = moved;
  return { expression: parts.map((one) => one.text).join(" ") };
}

function movedCalendar(when: WhenForm, from: Clock, to: Clock): Partial<WhenForm> | null {
  const { minutes, hours } = when.lists;
  if (!minutes.includes(from.minute)) return null;
  if (from.hour !== to.hour && !(minutes.length === 1 && hours.length === 1)) return null;
  const lists = { ...when.lists, minutes: [...new Set(minutes.map((one) => (one === from.minute ? to.minute : one)))].sort((a, b) => a - b) };
  if (from.hour !== to.hour) lists.hours = [to.hour];
  return { lists };
}

/** What is to be changed of a schedule so that one of its moments falls on another; null if that can't be said. */
export function movedWhen(when: WhenForm, from: string, to: string): Partial<WhenForm> | null {
  const [before, after] = [clockOf(from, when.timezone), clockOf(to, when.timezone)];
  if (!before || !after) return null;
  if (when.kind === "once") return { at: to };
  if (when.kind === "every") return when.from === "start" && (when.amount ?? 0) * UNIT_SECONDS[when.unit] > 60 ? { startsAt: to } : null;
  if (before.day !== after.day) return null;
  if (when.kind === "cron") return movedCron(when, before, after);
  return when.kind === "calendar" ? movedCalendar(when, before, after) : null;
}
