/** When a job runs, as the form holds it, and as the API takes it. */

export type WhenKind = "now" | "once" | "every" | "cron" | "calendar" | "manual";
export const WHEN_KINDS: readonly WhenKind[] = ["now", "once", "every", "cron", "calendar", "manual"];

export type Unit = "s" | "m" | "h" | "d";
export const UNIT_SECONDS: Record<Unit, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const LISTS = ["years", "months", "days", "weekdays", "hours", "minutes"] as const;
export type ListName = (typeof LISTS)[number];

export interface WhenForm {
  kind: WhenKind;
  timezone: string;
  /** A moment as text: RFC 3339, a date with a zone, or a distance such as "in 30m". */
  at: string;
  amount: number | null;
  unit: Unit;
  from: "start" | "end";
  expression: string;
  dialect: "standard" | "quartz";
  lists: Record<ListName, number[]>;
  gap: "next" | "skip";
  overlap: "first" | "both";
  startsAt: string;
  endsAt: string;
  maxRuns: number | null;
  jitter: number | null;
  /** Days and windows in which nothing is due, as the API has them. */
  blackouts: unknown[];
}

export type Rule = Record<string, unknown>;

/** What a request says of the moments: a rule, or one moment, and the zone for both. */
export interface WhenRequest {
  schedule: Rule | null;
  scheduled_at?: string;
  timezone: string;
}

export function emptyWhen(timezone: string): WhenForm {
  return {
    kind: "now",
    timezone,
    at: "",
    amount: 15,
    unit: "m",
    from: "start",
    expression: "0 9 * * MON-FRI",
    dialect: "standard",
    lists: { years: [], months: [], days: [], weekdays: [], hours: [9], minutes: [0] },
    gap: "next",
    overlap: "first",
    startsAt: "",
    endsAt: "",
    maxRuns: null,
    jitter: null,
    blackouts: [],
  };
}

function dstOf(when: WhenForm): Rule {
  if (when.gap === "next" && when.overlap === "first") return {};
  return { dst: { gap: when.gap, overlap: when.overlap } };
}

function ruleOf(when: WhenForm): Rule {
  switch (when.kind) {
    case "cron":
      return {
        type: "cron",
        expression: when.expression.trim(),
        ...(when.dialect === "quartz" ? { dialect: "quartz" } : {}),
        ...dstOf(when),
      };
    case "calendar":
      return {
        type: "calendar",
        ...Object.fromEntries(LISTS.filter((name) => when.lists[name].length).map((name) => [name, [...when.lists[name]].sort((a, b) => a - b)])),
        ...dstOf(when),
      };
    case "every": {
      const seconds = when.amount === null ? null : Math.round(when.amount * UNIT_SECONDS[when.unit] * 1000) / 1000;
      return when.from === "start" ? { type: "fixed_rate", interval_seconds: seconds } : { type: "fixed_delay", delay_seconds: seconds };
    }
    default:
      return { type: "manual" };
  }
}

function boundsOf(when: WhenForm): Rule {
  return {
    ...(when.startsAt ? { starts_at: when.startsAt } : {}),
    ...(when.endsAt ? { ends_at: when.endsAt } : {}),
    ...(when.maxRuns === null ? {} : { max_runs: when.maxRuns }),
    ...(when.jitter ? { jitter_seconds: when.jitter } : {}),
    ...(when.blackouts.length ? { blackouts: when.blackouts } : {}),
  };
}

/** What the API takes for it. */
export function toWhenRequest(when: WhenForm): WhenRequest {
  const { timezone } = when;
  if (when.kind === "now") return { schedule: null, scheduled_at: "now", timezone };
  if (when.kind === "once") return { schedule: null, scheduled_at: when.at.trim(), timezone };
  const bounds = when.kind === "manual" ? {} : boundsOf(when);
  return { schedule: { ...ruleOf(when), timezone, ...bounds }, timezone };
}

/** The rule to ask a preview of; null while there is nothing to ask. */
export function toPreview(when: WhenForm): Rule | null {
  if (when.kind === "now") return null;
  if (when.kind === "once") return when.at.trim() ? { type: "once", scheduled_at: when.at.trim(), timezone: when.timezone } : null;
  if (when.kind === "every" && !when.amount) return null;
  if (when.kind === "cron" && !when.expression.trim()) return null;
  return toWhenRequest(when).schedule;
}

/** A number of seconds in the largest unit that holds it whole. */
export function inUnits(seconds: number): { amount: number; unit: Unit } {
  const units: Unit[] = ["d", "h", "m"];
  const unit = units.find((one) => seconds > 0 && seconds % UNIT_SECONDS[one] === 0) ?? "s";
  return { amount: seconds / UNIT_SECONDS[unit], unit };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one): one is number => typeof one === "number") : [];
}

function kindOf(type: unknown, at: string): WhenKind {
  switch (type) {
    case "cron":
    case "calendar":
    case "manual":
      return type;
    case "fixed_rate":
    case "fixed_delay":
      return "every";
    default:
      return at === "now" ? "now" : "once";
  }
}

/** The form of what a request, or a job, says of its moments. */
export function fromWhenRequest(given: { schedule?: unknown; scheduled_at?: unknown; timezone?: unknown; immediate?: unknown }): WhenForm {
  const rule = (typeof given.schedule === "object" && given.schedule !== null ? given.schedule : {}) as Rule;
  const zone = text(rule.timezone) || text(given.timezone) || "UTC";
  const when = emptyWhen(zone);
  const at = given.immediate === true ? "now" : text(rule.scheduled_at) || text(given.scheduled_at);
  when.kind = kindOf(rule.type, at);
  if (when.kind === "once") when.at = at;
  if (when.kind === "cron") when.expression = text(rule.expression);
  if (rule.dialect === "quartz") when.dialect = "quartz";
  if (when.kind === "every") {
    Object.assign(when, inUnits(count(rule.interval_seconds) ?? count(rule.delay_seconds) ?? 0));
    when.from = rule.type === "fixed_rate" ? "start" : "end";
  }
  if (when.kind === "calendar") for (const name of LISTS) when.lists[name] = numbers(rule[name]);
  const dst = (rule.dst ?? {}) as Rule;
  if (dst.gap === "skip") when.gap = "skip";
  if (dst.overlap === "both") when.overlap = "both";
  when.startsAt = text(rule.starts_at);
  when.endsAt = text(rule.ends_at);
  when.maxRuns = count(rule.max_runs);
  when.jitter = count(rule.jitter_seconds);
  when.blackouts = Array.isArray(rule.blackouts) ? rule.blackouts : [];
  return when;
}
