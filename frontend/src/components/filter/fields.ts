/** What a list can be narrowed by. */
export interface Choice {
  value: string;
  label: string;
  /** How many there are of it, if the server says so. */
  count?: number;
  color?: string | null;
}

export interface Field {
  name: string;
  label: string;
  kind: "choice" | "text" | "moment" | "number";
  choices?: readonly Choice[];
  /** Only one of the choices. */
  single?: boolean;
  /** Its chip is always there. */
  pinned?: boolean;
  unit?: string;
}

/** A text as it is looked for: case and tones make no difference, nor does đ. */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
}

export function matching<T extends { label: string }>(all: readonly T[], text: string): T[] {
  const wanted = folded(text.trim());
  return all.filter((one) => folded(one.label).includes(wanted));
}

/** What a chip says of the values that are let through; null if any is. */
export function told(field: Field, value: string): string | null {
  if (!value) return null;
  if (field.kind === "moment") return value.split("~").map((part) => (part ? new Date(part).toLocaleString([], { dateStyle: "short", timeStyle: "short" }) : "…")).join(" – ");
  if (field.kind === "number") return field.unit ? `${value} ${field.unit}` : value;
  const values = value.split(",").filter(Boolean);
  const first = field.choices?.find((one) => one.value === values[0])?.label ?? values[0] ?? "";
  if (values.length <= 1) return first;
  return field.choices?.length ? `${values.length}/${field.choices.length}` : String(values.length);
}

/** The values after one was chosen or left. */
export function chosenWith(field: Field, value: string, choice: string): string {
  const values = value.split(",").filter(Boolean);
  if (values.includes(choice)) return values.filter((one) => one !== choice).join(",");
  return field.single ? choice : [...values, choice].join(",");
}
