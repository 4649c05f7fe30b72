import { onBeforeUnmount, type Ref, ref, watch } from "vue";

import type { JobForm } from "../jobForm";

interface Kept {
  at: number;
  version: number;
  form: JobForm;
}

const PREFIX = "oneoff.draft.";
const WAIT_MS = 600;
const MOST_CHARACTERS = 200_000;
const WEEK = 7 * 86_400_000;

/** Read what was kept under a key; what is old or no draft is forgotten. */
export function readDraft(key: string, now: number): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null") as Kept | null;
    if (kept && typeof kept.at === "number" && typeof kept.form === "object" && now - kept.at < WEEK) return kept;
  } catch {
    // No draft of ours.
  }
  localStorage.removeItem(PREFIX + key);
  return null;
}

export interface Draft {
  /** What was typed before and not saved, until it is taken or thrown away. */
  found: Ref<Kept | null>;
  take: () => JobForm | null;
  forget: () => void;
}

/** Keeps what is typed in this browser, so that a closed tab loses nothing. */
export function useDraft(key: () => string, form: JobForm, isDirty: () => boolean, version: () => number): Draft {
  const found = ref<Kept | null>(readDraft(key(), Date.now())) as Ref<Kept | null>;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function keep(): void {
    timer = undefined;
    const text = JSON.stringify({ at: Date.now(), version: version(), form } satisfies Kept);
    try {
      if (isDirty() && text.length <= MOST_CHARACTERS) localStorage.setItem(PREFIX + key(), text);
    } catch {
      // The browser has no room, or lets nothing be kept: then it is as without.
    }
  }
  watch(
    () => JSON.stringify(form),
    () => {
      // Until one has decided about the old one it is not overwritten.
      if (found.value) return;
      clearTimeout(timer);
      timer = setTimeout(keep, WAIT_MS);
    },
  );
  /** The last words typed before the tab is closed count too. */
  function keepAtOnce(): void {
    if (timer === undefined) return;
    clearTimeout(timer);
    keep();
  }
  window.addEventListener("pagehide", keepAtOnce);
  function forget(): void {
    clearTimeout(timer);
    timer = undefined;
    found.value = null;
    localStorage.removeItem(PREFIX + key());
  }
  onBeforeUnmount(() => {
    clearTimeout(timer);
    window.removeEventListener("pagehide", keepAtOnce);
  });
  return {
    found,
    take() {
      const kept = found.value;
      found.value = null;
      return kept?.form ?? null;
    },
    forget,
  };
}
