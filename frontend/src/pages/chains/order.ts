/** What a chain is, as the page draws it: its links in their order, and where a run of it stands. */

import type { Look } from "@/lib/status";
import { lookOf } from "@/lib/status";

/** More links than this stand below each other. */
export const MOST_BESIDE = 6;

/** A list in which one thing has moved to another place; out of bounds nothing moves. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  if (from === to || from < 0 || to < 0 || from >= list.length || to >= list.length) return next;
  const [one] = next.splice(from, 1);
  if (one !== undefined) next.splice(to, 0, one);
  return next;
}

/** How each link of a run looks: what has ended by its end, the one whose turn it is by the run. */
export function linkLooks(run: { status?: string; current_index?: number; link_statuses?: string[] }): (Look | null)[] {
  const isUnderWay = run.status === "running" || run.status === "cancelling";
  return (run.link_statuses ?? []).map((status, index) => {
    if (status !== "pending") return lookOf(status);
    return isUnderWay && index + 1 === run.current_index ? lookOf(run.status ?? "") : null;
  });
}

/** Whether a run can go on from where it stopped. */
export function canResume(status: string | undefined): boolean {
  return status === "failed" || status === "cancelled";
}

export function isUnderWay(status: string | undefined): boolean {
  return status === "running" || status === "cancelling";
}
