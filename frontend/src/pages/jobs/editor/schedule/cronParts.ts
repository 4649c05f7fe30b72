/** The fields of a cron expression with their names, in the order in which they stand. */
export interface CronPart {
  name: "second" | "minute" | "hour" | "day" | "month" | "weekday" | "year";
  text: string;
}

const FIVE: CronPart["name"][] = ["minute", "hour", "day", "month", "weekday"];

/** What of an expression is which field. In six fields the first is the second; Quartz may add a year. */
export function cronParts(expression: string, dialect: "standard" | "quartz"): CronPart[] {
  const texts = expression.trim().split(/\s+/).filter(Boolean);
  if (texts[0]?.startsWith("@")) return [];
  const names: CronPart["name"][] = dialect === "quartz" || texts.length > 5 ? ["second", ...FIVE] : [...FIVE];
  if (dialect === "quartz" && texts.length > 6) names.push("year");
  return names.map((name, index) => ({ name, text: texts[index] ?? "" }));
}
