/** Names with values, such as headers and variables. */
export interface Pair {
  name: string;
  value: string;
}

export { looksSecret } from "@/lib/secrets";

export function pairsOf(record: Record<string, string>): Pair[] {
  return Object.entries(record).map(([name, value]) => ({ name, value: String(value) }));
}

export function recordOf(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.filter((pair) => pair.name.trim() !== "").map((pair) => [pair.name.trim(), pair.value]));
}

/** The names that stand there more than once. */
export function repeated(pairs: readonly Pair[]): Set<string> {
  const names = pairs.map((pair) => pair.name.trim()).filter(Boolean);
  return new Set(names.filter((name, index) => names.indexOf(name) !== index));
}

function unquoted(text: string): string {
  const found = /^(["'])([\s\S]*)\1$/.exec(text);
  return found ? (found[2] ?? "") : text;
}

function fromJson(text: string): Pair[] | null {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return Object.entries(value).map(([name, one]) => ({ name, value: typeof one === "string" ? one : JSON.stringify(one) }));
  } catch {
    return null;
  }
}

/** The pairs in a pasted block of `NAME=value` or `Name: value` lines, or of JSON; null if it is none. */
export function pasted(text: string): Pair[] | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return fromJson(trimmed);
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const found = lines.map((line) => /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*(?:=|:\s)\s*(.*)$/.exec(line));
  if (!found.length || found.some((match) => !match)) return null;
  return found.map((match) => ({ name: match?.[1] ?? "", value: unquoted(match?.[2] ?? "") }));
}
