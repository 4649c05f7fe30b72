import type { Composer } from "vue-i18n";

import type { Schemas } from "@/api/client";
import { coarseText } from "@/lib/duration";

/** When a job runs, in the server's words. */
export function scheduleWords(job: Schemas["JobOut"], t: Composer["t"], language: string): string {
  return job.schedule_words?.[language === "vi" ? "vi" : "en"] ?? scheduleText(job.schedule, t);
}

/** When a job runs, in a few words for a list; the server's own words are on its page. */
export function scheduleText(schedule: Record<string, unknown> | undefined, t: Composer["t"]): string {
  const length = (name: string): string => coarseText(Number(schedule?.[name] ?? 0) * 1000);
  switch (schedule?.type) {
    case "cron":
      return typeof schedule.expression === "string" ? schedule.expression : "cron";
    case "fixed_rate":
      return t("jobs.everySeconds", { length: length("interval_seconds") });
    case "fixed_delay":
      return t("jobs.afterSeconds", { length: length("delay_seconds") });
    case "calendar":
      return t("jobs.calendar");
    case "manual":
      return t("jobs.manual");
    default:
      return t("jobs.once");
  }
}
