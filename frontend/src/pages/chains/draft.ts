import type { Schemas } from "@/api/client";

export const RUN_IF = ["success", "failure", "always"] as const;
export type RunIf = (typeof RUN_IF)[number];

/** A link as the form holds it. */
export interface DraftLink {
  key: string;
  jobId: string;
  name: string;
  stops: boolean;
  runIf: RunIf;
}

export type DraftSchedule = Record<string, unknown> | null;

/** A chain as the form holds it. */
export interface Draft {
  name: string;
  description: string;
  links: DraftLink[];
  schedule: DraftSchedule;
  enabled: boolean;
}

export function emptyDraft(): Draft {
  return { name: "", description: "", links: [], schedule: null, enabled: true };
}

function runIfOf(word: string | undefined): RunIf {
  return RUN_IF.find((one) => one === word) ?? "success";
}

/** What the form shows of a chain. */
export function draftOf(chain: Schemas["ChainOut"]): Draft {
  return {
    name: chain.name ?? "",
    description: chain.description ?? "",
    links: (chain.links ?? []).map((link, index) => ({
      key: link.id ?? String(index),
      jobId: link.job_id ?? "",
      name: link.job_name ?? "",
      stops: link.stop_on_failure !== false,
      runIf: runIfOf(link.run_if),
    })),
    schedule: chain.schedule ?? null,
    enabled: chain.enabled !== false,
  };
}

/** What is sent for it; what the form does not show is not sent, and stays. */
export function wish(draft: Draft): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    description: draft.description.trim() || null,
    links: draft.links.map((link) => ({ job_id: link.jobId, stop_on_failure: link.stops, run_if: link.runIf })),
    schedule: draft.schedule,
    enabled: draft.enabled,
  };
}
