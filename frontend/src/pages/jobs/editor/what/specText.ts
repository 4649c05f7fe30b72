/** What is typed into a field of a spec, and the value that it stands for. */
import type { FieldKind, SpecField } from "./specFields";

/** How a field is shown: a script that is a path is a line; what lines can't hold is shown as JSON. */
export function shownKind(field: SpecField, config: Record<string, unknown>): FieldKind {
  if (field.key === "script" && config.is_path === true) return "text";
  const value = config[field.key];
  if (field.kind === "lines" && Array.isArray(value) && value.some((one) => typeof one !== "string" || one === "" || one.includes("\n"))) return "json";
  if (field.kind === "pairs" && value !== undefined && (typeof value !== "object" || value === null)) return "json";
  if (["text", "secret", "code"].includes(field.kind) && value !== undefined && value !== null && typeof value !== "string") return "json";
  return field.kind;
}

export function writeText(kind: FieldKind, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (kind === "lines") return (value as string[]).join("\n");
  if (kind === "numbers") return Array.isArray(value) ? value.join(", ") : String(value);
  return kind === "json" ? JSON.stringify(value, null, 2) : String(value);
}

/** The value of a text. What is no number goes to the server as it is, which then says so. */
export function readText(kind: FieldKind, text: string): { ok: boolean; value: unknown } {
  if (kind === "lines") return { ok: true, value: text === "" ? [] : text.replace(/\n+$/, "").split("\n").filter((line) => line !== "") };
  if (kind === "numbers") {
    const parts = text.split(/[\s,;]+/).filter(Boolean);
    return { ok: true, value: parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part)) };
  }
  if (kind !== "json") return { ok: true, value: text };
  if (text.trim() === "") return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, value: undefined };
  }
}
