import { describe, expect, it } from "vitest";

import { looksSecret } from "@/lib/secrets";
import { arranged, fieldsOf, type Schema, type SpecField, withValue } from "@/pages/jobs/editor/what/specFields";
import { readText, shownKind, writeText } from "@/pages/jobs/editor/what/specText";

const schema: Schema = {
  required: ["url"],
  $defs: { Mode: { enum: ["a", "b"], type: "string", title: "Mode" } },
  properties: {
    method: { default: "GET", enum: ["GET", "POST"], title: "Method", type: "string" },
    url: { format: "uri", maxLength: 8192, title: "URL", type: "string", examples: ["https://example.com"] },
    headers: { additionalProperties: { type: "string" }, type: "object", title: "Headers" },
    body: { anyOf: [{ maxLength: 100, type: "string" }, { type: "null" }], default: null, format: "text", title: "Body" },
    expected_status: { anyOf: [{ items: { type: "integer" }, type: "array" }, { type: "null" }], examples: [[200, 204]], title: "Expected" },
    args: { items: { type: "string" }, type: "array", title: "Arguments", examples: [["a", "b"]] },
    anything: { items: {}, type: "array", title: "Anything" },
    kwargs: { additionalProperties: true, type: "object", title: "Kwargs" },
    timeout: { anyOf: [{ minimum: 1, maximum: 9, type: "integer" }, { type: "null" }], default: null, title: "Timeout" },
    verify: { default: true, type: "boolean", title: "Verify" },
    api_key: { type: "string", title: "Key" },
    mode: { $ref: "#/$defs/Mode" },
    both: { anyOf: [{ type: "string" }, { type: "integer" }], title: "Both" },
  },
};
const fields = fieldsOf(schema);
const field = (key: string): SpecField => fields.find((one) => one.key === key) ?? expect.fail(key);

describe("fields from a schema", () => {
  it("takes each kind by its type, the required first", () => {
    expect(fields[0]?.key).toBe("url");
    expect(Object.fromEntries(fields.map((one) => [one.key, one.kind]))).toEqual({
      url: "text", method: "choice", headers: "pairs", body: "code", expected_status: "numbers", args: "lines", anything: "json",
      kwargs: "json", timeout: "number", verify: "flag", api_key: "secret", mode: "choice", both: "json",
    });
  });

  it("keeps bounds, choices and examples", () => {
    expect(field("timeout")).toMatchObject({ min: 1, max: 9, whole: true, fallback: null });
    expect(field("mode").options).toEqual(["a", "b"]);
    expect([field("expected_status").example, field("args").example]).toEqual(["200, 204", "a\nb"]);
  });

  it("shows what matters of a known type and folds the rest, and loses nothing", () => {
    const { open, more } = arranged("http", fields);
    expect(open.map((one) => one.key)).toEqual(["method", "url", "headers", "body", "expected_status"]);
    expect(open.length + more.length).toBe(fields.length);
    expect(arranged("unheard-of", fields)).toEqual({ open: fields, more: [] });
  });
});

describe("values", () => {
  it("leaves out what is empty or the default, but for a required text", () => {
    expect(withValue({ body: "x" }, field("body"), "")).toEqual({});
    expect(withValue({}, field("method"), "GET")).toEqual({});
    expect(withValue({}, field("method"), "POST")).toEqual({ method: "POST" });
    expect(withValue({}, field("verify"), false)).toEqual({ verify: false });
    expect(withValue({ verify: false }, field("verify"), true)).toEqual({});
    expect(withValue({ url: "x" }, field("url"), "")).toEqual({ url: "" });
    expect(withValue({ headers: { a: "b" } }, field("headers"), {})).toEqual({});
    expect(withValue({}, field("timeout"), 0)).toEqual({ timeout: 0 });
  });

  it.each([
    ["lines", ["-c", "echo  hello", " x"]],
    ["numbers", [200, 204]],
    ["json", { a: [1, null, "x"] }],
    ["text", "plain"],
    ["code", "line\nline"],
  ] as const)("reads what it wrote: %s", (kind, value) => {
    expect(readText(kind, writeText(kind, value))).toEqual({ ok: true, value });
  });

  it("tells JSON that is none, and leaves words among numbers to the server", () => {
    expect(readText("json", "{").ok).toBe(false);
    expect(readText("numbers", "200, x").value).toEqual([200, "x"]);
  });

  it("shows as JSON what a simpler field would lose", () => {
    expect(shownKind(field("args"), { args: ["two\nlines"] })).toBe("json");
    expect(shownKind(field("args"), { args: ["one"] })).toBe("lines");
    expect(shownKind(field("url"), { url: 5 })).toBe("json");
  });

  it("hides what goes by the name of a secret", () => {
    expect(["password", "DB_PASSWORD", "API_KEY", "Authorization", "authToken", "client_secret", "Cookie"].every(looksSecret)).toBe(true);
    expect(["path", "key", "author", "passenger", "Content-Type"].some(looksSecret)).toBe(false);
  });
});
