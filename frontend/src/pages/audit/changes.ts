/** One field before and after a change. */
export interface Change {
  what: string;
  field: string;
  before: string;
  after: string;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as one reads it: texts as they are, what is not there as a dash. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The changes that an entry of the audit log tells of, and what else it says. */
export function changesOf(detail: Record<string, unknown> | null | undefined): { changes: Change[]; rest: [string, string][] } {
  const changes: Change[] = [];
  const given = Array.isArray(detail?.changes) ? detail.changes : [];
  for (const change of given.filter(isObject)) {
    const what = [change.kind, change.name ?? change.id, change.what].filter((part) => typeof part === "string").join(" · ");
    const values = isObject(change.values) ? change.values : {};
    const fields = Object.entries(values).map(([field, pair]) => {
      const [before, after] = Array.isArray(pair) ? (pair as unknown[]) : [undefined, pair];
      return { what, field, before: valueText(before), after: valueText(after) };
    });
    changes.push(...(fields.length ? fields : [{ what, field: "", before: "", after: "" }]));
  }
  const rest = Object.entries(detail ?? {}).filter(([name]) => name !== "changes");
  return { changes, rest: rest.map(([name, value]) => [name, valueText(value)]) };
}
