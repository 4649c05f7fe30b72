/** A definition as text to compare: texts of several lines stand as several lines. */

function lines(value: unknown, indent: string): string[] {
  if (typeof value === "string" && value.includes("\n")) return ["|", ...value.replace(/\n$/, "").split("\n").map((line) => `${indent}  ${line}`)];
  if (Array.isArray(value) && value.length) {
    return ["[", ...value.flatMap((one) => nested(lines(one, `${indent}  `), `${indent}  `)), `${indent}]`];
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length) {
    const parts = Object.entries(value).sort(([a], [b]) => a.localeCompare(b));
    return ["{", ...parts.flatMap(([name, one]) => nested(lines(one, `${indent}  `), `${indent}  ${name}: `)), `${indent}}`];
  }
  return [JSON.stringify(value)];
}

function nested([first = "", ...rest]: string[], before: string): string[] {
  return [`${before}${first}`, ...rest];
}

/** The fields in alphabetical order, what runs first: that is what one looks for. */
export function definitionText(definition: Record<string, unknown>): string {
  const names = Object.keys(definition).sort((a, b) => Number(b === "config") - Number(a === "config") || a.localeCompare(b));
  return names
    // What recurs has its moments from its schedule: this one only tells what was next at the time.
    .filter((name) => !(name === "scheduled_at" && definition.schedule))
    .flatMap((name) => nested(lines(definition[name], ""), `${name}: `))
    .join("\n");
}
