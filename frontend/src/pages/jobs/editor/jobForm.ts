/** A whole job as the form holds it, and as the API takes it. */

import { emptyRetry, fromRetryRequest, type RetryForm, toRetryRequest } from "./fails/retryForm";
import { emptyWhen, fromWhenRequest, toWhenRequest, type WhenForm } from "./schedule/whenForm";

export interface JobForm {
  name: string;
  description: string;
  projectId: string;
  tagIds: string[];
  priority: number;
  enabled: boolean;
  type: string;
  config: Record<string, unknown>;
  when: WhenForm;
  overlap: "skip" | "queue" | "allow" | "cancel_running";
  misfire: "skip" | "latest" | "all";
  misfireLimit: number | null;
  misfireGrace: number | null;
  retry: RetryForm;
  timeout: number | null;
  onLost: "fail" | "retry";
  queue: string;
  concurrencyKey: string;
  concurrencyLimit: number | null;
  externalId: string;
  keepLast: number | null;
  retentionDays: number | null;
  notifyEmails: string;
  notifyOn: "failure" | "success" | "always";
}

export type Request = Record<string, unknown>;
/** A job as the API shows it. */
export type Shown = Request;

export const OVERLAPS = ["skip", "queue", "allow", "cancel_running"] as const;
export const NOTIFY_ON = ["failure", "success", "always"] as const;
export const MISFIRES = ["skip", "latest", "all"] as const;

export function emptyForm(timezone: string): JobForm {
  return {
    name: "",
    description: "",
    projectId: "default",
    tagIds: [],
    priority: 5,
    enabled: true,
    type: "shell",
    config: {},
    when: emptyWhen(timezone),
    overlap: "skip",
    misfire: "latest",
    misfireLimit: 100,
    misfireGrace: 60,
    retry: emptyRetry(),
    timeout: null,
    onLost: "fail",
    queue: "default",
    concurrencyKey: "",
    concurrencyLimit: 1,
    externalId: "",
    keepLast: null,
    retentionDays: null,
    notifyEmails: "",
    notifyOn: "failure",
  };
}

/** All that the form says, by the names of the API. */
export function toRequest(form: JobForm): Request {
  return {
    name: form.name.trim(),
    description: form.description.trim() || null,
    project_id: form.projectId,
    tag_ids: [...form.tagIds],
    priority: form.priority,
    enabled: form.enabled,
    type: form.type,
    config: form.config,
    ...toWhenRequest(form.when),
    overlap: form.overlap,
    misfire: form.misfire,
    misfire_limit: form.misfireLimit,
    misfire_grace_seconds: form.misfireGrace,
    retry: toRetryRequest(form.retry),
    timeout_seconds: form.timeout,
    on_lost: form.onLost,
    queue: form.queue.trim(),
    concurrency_key: form.concurrencyKey.trim() || null,
    concurrency_limit: form.concurrencyLimit,
    external_id: form.externalId.trim() || null,
    keep_last: form.keepLast,
    retention_days: form.retentionDays,
    notify_emails: form.notifyEmails.trim() || null,
    notify_on: form.notifyOn,
  };
}

/** What is to be sent to make a job: what stays at its default is left out. */
export function toCreate(form: JobForm): Request {
  const request = toRequest(form);
  const plain = toRequest(emptyForm(form.when.timezone));
  const kept = new Set(["name", "type", "config", "schedule", "scheduled_at", "timezone"]);
  return Object.fromEntries(
    Object.entries(request).filter(([name, value]) => !(name === "schedule" && value === null) && (kept.has(name) || !same(value, plain[name]))),
  );
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is to be sent to change a job: only what was changed. */
export function toPatch(before: JobForm, form: JobForm): Request {
  const old = toRequest(before);
  const now = toRequest(form);
  const changed = Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(value, old[name])));
  // To run once instead of again and again is said by both: no rule, and a moment.
  if ("schedule" in changed && now.schedule === null) changed.scheduled_at = now.scheduled_at;
  if ("schedule" in changed && now.schedule !== null) delete changed.scheduled_at;
  return changed;
}

function text(value: unknown, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}

function count(value: unknown, fallback: number | null = null): number | null {
  return typeof value === "number" ? value : fallback;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.find((one) => one === value) ?? fallback;
}

function configOf(given: Request): Record<string, unknown> {
  const config = given.spec ?? given.config;
  if (typeof config === "object" && config !== null) return { ...(config as Record<string, unknown>) };
  try {
    return JSON.parse(text(config, "{}")) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function tagsOf(given: Request): string[] {
  if (Array.isArray(given.tag_ids)) return given.tag_ids.filter((id): id is string => typeof id === "string");
  const tags = Array.isArray(given.tags) ? (given.tags as { id?: string }[]) : [];
  return tags.map((tag) => tag.id ?? "").filter(Boolean);
}

/** The form of a job as the API shows it, or of a request to make one. */
export function toForm(given: Shown): JobForm {
  const plain = emptyForm("UTC");
  return {
    name: text(given.name),
    description: text(given.description),
    projectId: text(given.project_id, plain.projectId),
    tagIds: tagsOf(given),
    priority: count(given.priority, 5) || 5,
    enabled: given.enabled !== false,
    type: text(given.type, plain.type),
    config: configOf(given),
    when: fromWhenRequest(given),
    overlap: oneOf(given.overlap, OVERLAPS, plain.overlap),
    misfire: oneOf(given.misfire, MISFIRES, plain.misfire),
    misfireLimit: count(given.misfire_limit, plain.misfireLimit),
    misfireGrace: count(given.misfire_grace_seconds, plain.misfireGrace),
    retry: fromRetryRequest(given.retry),
    timeout: count(given.timeout_seconds),
    onLost: given.on_lost === "retry" ? "retry" : "fail",
    queue: text(given.queue, plain.queue),
    concurrencyKey: text(given.concurrency_key),
    concurrencyLimit: count(given.concurrency_limit, plain.concurrencyLimit),
    externalId: text(given.external_id),
    keepLast: count(given.keep_last),
    retentionDays: count(given.retention_days),
    notifyEmails: text(given.notify_emails),
    notifyOn: oneOf(given.notify_on, NOTIFY_ON, plain.notifyOn),
  };
}

/** The form of a copy: under a name of its own, without what only one job can have. */
export function toClone(given: Shown, name: string): JobForm {
  const form = toForm(given);
  form.name = name;
  form.externalId = "";
  // Its moment may lie in the past.
  if (form.when.kind === "once") form.when = { ...form.when, kind: "now", at: "" };
  return form;
}

export const SECTIONS = ["general", "what", "when", "fails", "notify", "advanced"] as const;
export type Section = (typeof SECTIONS)[number];

const PLACES: Record<Exclude<Section, "general">, RegExp> = {
  what: /^(type|config|spec)(\.|\[|$)/,
  when: /^(schedule|scheduled_at|timezone|immediate|overlap|misfire\w*)(\.|\[|$)/,
  fails: /^(retry|timeout_seconds|on_lost)(\.|\[|$)/,
  notify: /^notify_\w+(\.|\[|$)/,
  advanced: /^(queue|concurrency_\w+|external_id|keep_last|retention_days)(\.|\[|$)/,
};

/** The section of the form in which the fault of a field is to be mended. */
export function sectionOf(field: string): Section {
  return (Object.keys(PLACES) as (keyof typeof PLACES)[]).find((name) => PLACES[name].test(field)) ?? "general";
}
