/** Times in which nothing is due, as the form holds them: whole days, or a window of each week. */
export interface BlackoutRow {
  kind: "dates" | "weekly";
  from: string;
  to: string;
  weekdays: number[];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A row for what the API says; null for what this form does not know. */
export function toRow(given: unknown): BlackoutRow | null {
  if (typeof given !== "object" || given === null) return null;
  const { from, to, weekdays, ...rest } = given as Record<string, unknown>;
  if (Object.keys(rest).length) return null;
  const days = Array.isArray(weekdays) ? weekdays.filter((day): day is number => typeof day === "number") : [];
  const isWeekly = weekdays !== undefined || `${text(from)}${text(to)}`.includes(":");
  return { kind: isWeekly ? "weekly" : "dates", from: text(from), to: text(to), weekdays: days };
}

/** What is sent for a row. */
export function fromRow(row: BlackoutRow): Record<string, unknown> {
  const span = { from: row.from, to: row.to };
  return row.kind === "weekly" && row.weekdays.length ? { weekdays: [...row.weekdays].sort((a, b) => a - b), ...span } : span;
}

/** A new row: the coming nights, or the present day. */
export function emptyRow(kind: BlackoutRow["kind"], today: string): BlackoutRow {
  return kind === "weekly" ? { kind, from: "22:00", to: "06:00", weekdays: [] } : { kind, from: today, to: today, weekdays: [] };
}
