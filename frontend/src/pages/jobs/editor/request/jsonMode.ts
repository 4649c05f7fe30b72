import { emptyForm, type Request, toRequest } from "../jobForm";

const KNOWN = new Set([...Object.keys(toRequest(emptyForm("UTC"))), "scheduled_at", "immediate"]);
const RULE = new Set([
  "type", "timezone", "scheduled_at", "expression", "dialect", "dst", "interval_seconds", "delay_seconds", "years", "months", "days",
  "weekdays", "hours", "minutes", "starts_at", "ends_at", "max_runs", "jitter_seconds", "blackouts",
]);

/** Names in a request that the form has no place for, and that would be lost. */
export function unknownNames(given: Request): string[] {
  const rule = typeof given.schedule === "object" && given.schedule !== null ? Object.keys(given.schedule) : [];
  return [...Object.keys(given).filter((name) => !KNOWN.has(name)), ...rule.filter((name) => !RULE.has(name)).map((name) => `schedule.${name}`)];
}
