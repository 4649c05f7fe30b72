import type { Hit } from "./items";

const KEPT = "oneoff.recent";
const MOST = 8;

/** What was opened by the palette of late, the newest first, as this browser keeps it. */
export function recent(): Hit[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(kept) ? (kept as Hit[]).filter((hit) => typeof hit.id === "string" && typeof hit.title === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Remember what was opened. How it stood then says nothing about later. */
export function remember({ kind, id, title, subtitle, type, job_id }: Hit): void {
  const hit = { kind, id, title, ...(subtitle ? { subtitle } : {}), ...(type ? { type } : {}), ...(job_id ? { job_id } : {}) };
  localStorage.setItem(KEPT, JSON.stringify([hit, ...recent().filter((one) => one.id !== id)].slice(0, MOST)));
}
