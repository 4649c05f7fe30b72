/** What follows a failed attempt, as the form holds it, and as the API takes it. */

export const PRESET_NAMES = ["taskflow", "claude-jobs", "enterprise"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];
export type RetryMode = "none" | "own" | PresetName;
export type Strategy = "fixed" | "exponential" | "list";
export const FAILURE_KINDS = ["exit_code", "error", "timeout"] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export interface RetryForm {
  mode: RetryMode;
  maxRetries: number | null;
  strategy: Strategy;
  base: number | null;
  factor: number | null;
  cap: number | null;
  /** Seconds, separated by commas. */
  delays: string;
  /** Percent of a delay that may be added to it. */
  jitter: number | null;
  on: FailureKind[];
}

export type Policy = Record<string, unknown>;

/** Without a cap of its own, a policy has this one, or its first delay if that is longer. */
const CAP_SECONDS = 300;

const PRESETS: Record<PresetName, Policy> = {
  taskflow: { max_retries: 3, strategy: "fixed", base_seconds: 60, jitter: 0, retry_on: ["exit_code"] },
  "claude-jobs": { max_retries: 4, strategy: "exponential", base_seconds: 1, factor: 2, cap_seconds: 300, jitter: 0, retry_on: ["exit_code", "error", "timeout"] },
  enterprise: { max_retries: 10, strategy: "list", delays: [5, 15, 60, 300, 1800], jitter: 0.1, retry_on: ["exit_code", "error", "timeout"] },
};

export function emptyRetry(): RetryForm {
  return { mode: "none", maxRetries: 3, strategy: "exponential", base: 10, factor: 2, cap: 300, delays: "", jitter: 100, on: ["exit_code", "error"] };
}

function isPreset(name: unknown): name is PresetName {
  return PRESET_NAMES.some((one) => one === name);
}

/** The delays that were written, in seconds; what is no number is left to the server to refuse. */
export function readDelays(text: string): unknown[] {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  return parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));
}

/** What the API takes for it: null, the name of a preset, or a policy. */
export function toRetryRequest(retry: RetryForm): Policy | string | null {
  if (retry.mode === "none") return null;
  if (retry.mode !== "own") return retry.mode;
  const rhythm: Policy =
    retry.strategy === "list"
      ? { delays: readDelays(retry.delays) }
      : { base_seconds: retry.base, ...(retry.strategy === "exponential" ? { factor: retry.factor, cap_seconds: retry.cap } : {}) };
  return {
    max_retries: retry.maxRetries,
    strategy: retry.strategy,
    ...rhythm,
    jitter: retry.jitter === null ? null : retry.jitter / 100,
    retry_on: FAILURE_KINDS.filter((kind) => retry.on.includes(kind)),
  };
}

function number(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

function sameAsPreset(policy: Policy): boolean {
  if (!isPreset(policy.preset)) return false;
  const preset = PRESETS[policy.preset];
  const plain = (value: unknown): string => JSON.stringify(Array.isArray(value) ? [...(value as unknown[])].sort() : value);
  return Object.entries(preset).every(([name, value]) => policy[name] === undefined || plain(policy[name]) === plain(value));
}

/** The form of what a request, or a job, says of retries. */
export function fromRetryRequest(given: unknown): RetryForm {
  const form = emptyRetry();
  if (isPreset(given)) return { ...form, mode: given };
  if (typeof given !== "object" || given === null) return form;
  const policy = given as Policy;
  if (isPreset(policy.preset) && sameAsPreset(policy)) return { ...form, mode: policy.preset };
  const full: Policy = isPreset(policy.preset) ? { ...PRESETS[policy.preset], ...policy } : policy;
  const strategy = full.strategy === "fixed" || full.strategy === "list" ? full.strategy : "exponential";
  const base = number(full.base_seconds, form.base ?? 10);
  return {
    mode: full.max_retries === 0 ? "none" : "own",
    maxRetries: number(full.max_retries, 3),
    strategy,
    base,
    factor: number(full.factor, 2),
    cap: number(full.cap_seconds, Math.max(base, CAP_SECONDS)),
    delays: Array.isArray(full.delays) ? full.delays.join(", ") : "",
    jitter: Math.round(number(full.jitter, 1) * 1000) / 10,
    on: Array.isArray(full.retry_on) ? FAILURE_KINDS.filter((kind) => (full.retry_on as unknown[]).includes(kind)) : form.on,
  };
}

function policyOf(retry: RetryForm | Policy | string | null): Policy | null {
  const asked = retry !== null && typeof retry === "object" && "mode" in retry ? toRetryRequest(retry as RetryForm) : retry;
  if (typeof asked === "string") return isPreset(asked) ? PRESETS[asked] : null;
  return asked as Policy | null;
}

/** The seconds before the n-th retry, counted from 1, without the jitter. */
export function delayBefore(policy: Policy, retry: number): number {
  const base = number(policy.base_seconds, 10);
  if (policy.strategy === "list") {
    const delays = Array.isArray(policy.delays) ? policy.delays.filter((one): one is number => typeof one === "number") : [];
    return Math.min(delays[Math.min(retry, delays.length) - 1] ?? 0, number(policy.cap_seconds, Infinity));
  }
  const cap = number(policy.cap_seconds, Math.max(base, CAP_SECONDS));
  if (policy.strategy === "fixed") return Math.min(base, cap);
  return Math.min(base * number(policy.factor, 2) ** (retry - 1), cap);
}

/** The first delays, whether there are more, and the share that may be added. */
export interface Rhythm {
  retries: number;
  delays: number[];
  more: boolean;
  jitter: number;
}

/** How a policy spaces its retries: the first few delays in seconds. */
export function rhythmOf(retry: RetryForm | Policy | string | null, most = 6): Rhythm {
  const policy = policyOf(retry);
  const retries = policy ? number(policy.max_retries, 3) : 0;
  const shown = Math.max(0, Math.min(retries, most));
  return {
    retries,
    delays: policy ? Array.from({ length: shown }, (_, index) => delayBefore(policy, index + 1)) : [],
    more: retries > shown,
    jitter: policy ? number(policy.jitter, 1) : 0,
  };
}
