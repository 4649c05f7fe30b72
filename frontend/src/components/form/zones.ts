import { ownZone } from "@/lib/moment";

/** The zones that this browser knows, its own first. */
export const zones: readonly string[] = [...new Set([ownZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];

/** Whether a text names a zone. */
export function isZone(text: string): boolean {
  try {
    return text !== "" && !!new Intl.DateTimeFormat("en", { timeZone: text });
  } catch {
    return false;
  }
}

/** A moment as the clocks of a zone show it, for `<input type="datetime-local">`; empty if it is none. */
export function wallTime(at: string, zone: string): string {
  const written = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::\d\d)? [A-Za-z_]+(\/[A-Za-z_/+-]+)?$/.exec(at);
  if (written) return `${written[1] ?? ""}T${written[2] ?? ""}`;
  const moment = /^\d{4}-\d\d-\d\dT/.test(at) ? new Date(at) : null;
  if (!moment || Number.isNaN(moment.getTime()) || !isZone(zone)) return "";
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }).formatToParts(moment);
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? "";
  return `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}`;
}

/** What the server reads as that time on the clocks of that zone. */
export function momentAt(wall: string, zone: string): string {
  return wall ? `${wall.slice(0, 16).replace("T", " ")} ${zone}` : "";
}

/** The moment at which the clocks of a zone show a time, as RFC 3339; empty if there is none such. */
export function instantAt(wall: string, zone: string): string {
  const wanted = Date.parse(`${wall.slice(0, 16)}Z`);
  if (Number.isNaN(wanted) || !isZone(zone)) return "";
  let found = wanted;
  // The second round is for moments near a change of the clocks.
  for (let round = 0; round < 2; round += 1) {
    const shown = Date.parse(`${wallTime(new Date(found).toISOString(), zone)}Z`);
    found += wanted - shown;
  }
  return new Date(found).toISOString();
}
