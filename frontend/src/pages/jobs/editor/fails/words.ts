import type { Composer } from "vue-i18n";

import { durationText } from "@/lib/duration";

import { type RetryForm, rhythmOf } from "./retryForm";

type Say = Composer["t"];

/** The word for a priority: 1 to 10, 10 goes first. */
export function priorityWord(priority: number): "low" | "below" | "normal" | "above" | "urgent" {
  if (priority <= 2) return "low";
  if (priority <= 4) return "below";
  if (priority === 5) return "normal";
  return priority <= 8 ? "above" : "urgent";
}

/** A number of seconds as people say it: 30 s, 1 min, 5 min, 2 h; odd lengths as durations. */
export function secondsText(seconds: number): string {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} d`;
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`;
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`;
  if (seconds < 60) return `${Math.round(seconds * 10) / 10} s`;
  return durationText(seconds * 1000);
}

/** How often and after which delays an attempt that failed is tried again. */
export function retryText(retry: RetryForm | Record<string, unknown> | string | null, t: Say): string {
  const rhythm = rhythmOf(retry);
  if (!rhythm.retries) return t("editor.retry.none");
  const same = rhythm.delays.every((delay) => delay === rhythm.delays[0]);
  const first = rhythm.delays[0] ?? 0;
  const delays = same ? t("editor.retry.each", { length: secondsText(first) }) : rhythm.delays.map(secondsText).join(", ") + (rhythm.more ? " …" : "");
  const said = t("editor.retry.text", { count: rhythm.retries, delays });
  if (!rhythm.jitter) return said;
  return `${said} ${t("editor.retry.jitterText", { percent: Math.round(rhythm.jitter * 1000) / 10 })}`;
}
