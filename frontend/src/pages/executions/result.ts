import type { Schemas } from "@/api/client";

export interface Result {
  json?: unknown;
  line?: string;
}

/** What came out of an execution, as its output says it: its JSON, else its last line. */
export function resultOf(execution: Schemas["ExecutionOut"]): Result {
  const output = (execution.output ?? "").trim();
  if (!output) return {};
  const last = output.slice(output.lastIndexOf("\n") + 1);
  for (const text of [output, last]) {
    if (!/^[[{]/.test(text)) continue;
    try {
      return { json: JSON.parse(text) as unknown };
    } catch {
      // A text like any other.
    }
  }
  return { line: last };
}
