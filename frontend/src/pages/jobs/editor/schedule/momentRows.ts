import { offsetText, ownZone } from "@/lib/moment";

import { isZone } from "@/components/form/zones";

interface Moment {
  utc?: string;
  local?: string;
  blackout?: string;
}

interface Change {
  at?: string;
  effect?: string;
  before?: string;
  after?: string;
}

export interface MomentRow {
  utc: string;
  day: string;
  time: string;
  zone: string;
  /** The time on the reader's own clock. */
  own: string;
  mark: "moved" | "first" | "second" | null;
  blackout: string | undefined;
}

function tag(language: string): string {
  return language === "en" ? "en-GB" : language;
}

/** `Th 3 24/11`, as the whole page writes it. */
function vietnameseDay(parts: Intl.DateTimeFormatPart[]): string {
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("weekday").replace("Thứ", "Th")} ${part("day")}/${part("month").replace(/\D+/g, "")}`;
}

/** What a change of the clocks has done to a moment: moved out of the gap, or the first of two. */
function markOf(moment: Moment, changes: readonly Change[]): MomentRow["mark"] {
  for (const change of changes) {
    if (change.effect === "moved" && change.at === moment.utc) return "moved";
    if ((change.effect === "first" || change.effect === "both") && moment.local && change.after && change.before && change.at) {
      const wall = moment.local.slice(0, 19);
      const hour = Date.parse(`${change.before}Z`) - Date.parse(`${change.after}Z`);
      const away = Date.parse(moment.utc ?? "") - Date.parse(change.at);
      if (wall >= change.after.slice(0, 19) && wall < change.before.slice(0, 19) && Math.abs(away) <= hour) return away < 0 ? "first" : "second";
    }
  }
  return null;
}

/** The next moments as rows: by the clocks of the job's zone, and by the reader's own. */
export function momentRows(moments: readonly Moment[], changes: readonly Change[], zone: string, language: string, own = ownZone()): MomentRow[] {
  const here = isZone(zone) ? zone : "UTC";
  const day = new Intl.DateTimeFormat(tag(language), { timeZone: here, weekday: "short", day: "numeric", month: "short" });
  const clock = (timeZone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
  const seconds = moments.some((moment) => moment.utc && !moment.utc.slice(17).startsWith("00"));
  const exact = new Intl.DateTimeFormat("en-GB", { timeZone: here, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dayText = (at: Date): string => (language === "vi" ? vietnameseDay(day.formatToParts(at)) : day.format(at));
  return moments.map((moment) => {
    const at = new Date(moment.utc ?? "");
    return {
      utc: moment.utc ?? "",
      day: dayText(at),
      time: (seconds ? exact : clock(here)).format(at),
      zone: offsetText(here, at),
      own: (seconds ? new Intl.DateTimeFormat("en-GB", { timeZone: own, hour: "2-digit", minute: "2-digit", second: "2-digit" }) : clock(own)).format(at),
      mark: markOf(moment, changes),
      blackout: moment.blackout,
    };
  });
}
