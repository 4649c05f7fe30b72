/** The fields of a form, drawn from the JSON Schema of a job type. */

import { looksSecret } from "@/lib/secrets";

export type Schema = Record<string, unknown>;
export type FieldKind = "text" | "secret" | "code" | "number" | "flag" | "choice" | "lines" | "numbers" | "pairs" | "json";

export interface SpecField {
  key: string;
  kind: FieldKind;
  title: string;
  hint: string;
  required: boolean;
  /** Empty means null, or left out. */
  fallback: unknown;
  min?: number | undefined;
  max?: number | undefined;
  maxLength?: number | undefined;
  whole?: boolean | undefined;
  options?: string[] | undefined;
  example?: string | undefined;
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function resolved(schema: Schema, root: Schema): Schema {
  if (typeof schema.$ref === "string") {
    const path = schema.$ref.replace(/^#\//, "").split("/");
    const found = path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), root);
    return isObject(found) ? { ...resolved(found, root), ...schema } : schema;
  }
  const parts = [schema.anyOf, schema.oneOf, schema.allOf].find(Array.isArray) as unknown[] | undefined;
  const real = parts?.filter(isObject).filter((part) => part.type !== "null") ?? [];
  if (real.length !== 1 || !real[0]) return schema;
  return { ...resolved(real[0], root), ...schema };
}

function arrayKind(items: unknown): FieldKind {
  if (!isObject(items)) return "json";
  if (items.type === "string" && !items.enum) return "lines";
  return items.type === "integer" || items.type === "number" ? "numbers" : "json";
}

function textKind(key: string, schema: Schema): FieldKind {
  if (schema.format === "script" || schema.format === "text") return "code";
  return schema.format === "password" || schema.writeOnly === true || looksSecret(key) ? "secret" : "text";
}

function kindOf(key: string, schema: Schema): FieldKind {
  if (Array.isArray(schema.enum)) return schema.enum.every((one) => typeof one === "string") ? "choice" : "json";
  switch (schema.type) {
    case "string":
      return textKind(key, schema);
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "flag";
    case "array":
      return arrayKind(schema.items);
    case "object":
      return isObject(schema.additionalProperties) && schema.additionalProperties.type === "string" ? "pairs" : "json";
    default:
      return "json";
  }
}

function exampleOf(schema: Schema): string | undefined {
  const [first] = Array.isArray(schema.examples) ? (schema.examples as unknown[]) : [];
  if (first === undefined) return undefined;
  if (Array.isArray(first) && first.every((one) => typeof one !== "object")) return first.join(schema.type === "array" && arrayKind(schema.items) === "lines" ? "\n" : ", ");
  return typeof first === "string" ? first : JSON.stringify(first);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The fields that a schema of an object has, in its order, the required first. */
export function fieldsOf(schema: Schema): SpecField[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? (schema.required as unknown[]) : []);
  const fields = Object.entries(properties)
    .filter((entry): entry is [string, Schema] => isObject(entry[1]))
    .map(([key, raw]): SpecField => {
      const own = resolved(raw, schema);
      return {
        key,
        kind: kindOf(key, own),
        title: typeof own.title === "string" ? own.title : key,
        hint: typeof own.description === "string" ? own.description : "",
        required: required.has(key),
        fallback: own.default ?? null,
        min: numberOf(own.minimum) ?? numberOf(own.exclusiveMinimum),
        max: numberOf(own.maximum) ?? numberOf(own.exclusiveMaximum),
        maxLength: numberOf(own.maxLength),
        whole: own.type === "integer",
        options: Array.isArray(own.enum) ? own.enum.map(String) : undefined,
        example: exampleOf(own),
      };
    });
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
}

/** What of a type stands open in the form, in this order; the rest waits behind "More". */
const OPEN: Record<string, string[]> = {
  http: ["method", "url", "headers", "body", "expected_status"],
  shell: ["is_path", "script", "args", "env", "workdir"],
  docker: ["image", "command", "env", "volumes", "pull"],
  claude: ["prompt", "cwd", "model", "skip_permissions"],
};

/** The fields to show at once, and those behind "More"; of a type without a plan all are shown. */
export function arranged(type: string, fields: SpecField[]): { open: SpecField[]; more: SpecField[] } {
  const plan = OPEN[type];
  if (!plan) return { open: fields, more: [] };
  const open = plan.flatMap((key) => fields.filter((field) => field.key === key));
  return { open: [...open, ...fields.filter((f) => f.required && !open.includes(f))], more: fields.filter((f) => !f.required && !open.includes(f)) };
}

/** A config with a field set; what is empty is left out, so that the default holds. */
export function withValue(config: Schema, field: SpecField, value: unknown): Schema {
  const isEmpty =
    value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length) || (isObject(value) && !Object.keys(value).length);
  const isDefault = !field.required && JSON.stringify(value) === JSON.stringify(field.fallback);
  if ((isEmpty && !(field.required && value === "")) || isDefault) {
    return Object.fromEntries(Object.entries(config).filter(([name]) => name !== field.key));
  }
  return { ...config, [field.key]: value };
}

/** The language by which a script's text is coloured. */
export function languageOf(type: string, key: string): "shell" | "json" | "sql" | "text" {
  if (key === "script" && type === "shell") return "shell";
  if (key === "query") return "sql";
  return key === "body" ? "json" : "text";
}
