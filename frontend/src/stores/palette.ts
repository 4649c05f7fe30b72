import { defineStore } from "pinia";
import { ref } from "vue";

/** What the keys and the palette act on: the row that has the focus, else the thing the page shows. */
export interface Subject {
  kind: "job" | "execution";
  id: string;
}

const PATH = /^\/(jobs|executions)\/([0-9a-f]{32})(?:\/|$)/;

/** What an address names. */
export function subjectOfPath(path: string): Subject | null {
  const found = PATH.exec(path);
  return found?.[2] ? { kind: found[1] === "jobs" ? "job" : "execution", id: found[2] } : null;
}

/** What the row of a list or table is about that has the focus, by the link in it. */
export function subjectOfRow(target: EventTarget | null): Subject | null {
  const row = target instanceof Element ? target.closest("main tr, main li") : null;
  const links = [...(row?.querySelectorAll<HTMLAnchorElement>("a[href]") ?? [])];
  return links.map((link) => subjectOfPath(link.getAttribute("href") ?? "")).find(Boolean) ?? null;
}

/** Whether the palette and the help sheet are open, and for what. */
export const usePalette = defineStore("palette", () => {
  const isOpen = ref(false);
  const isHelpOpen = ref(false);
  /** What stands in its field when it opens. */
  const text = ref("");
  const subject = ref<Subject | null>(null);
  /** A move that was asked for by its key, to be made without the palette. */
  const wish = ref<"log" | "cancel" | null>(null);

  function find(target: EventTarget | null): void {
    subject.value = subjectOfRow(target) ?? subjectOfPath(location.pathname);
  }

  function show(start = ""): void {
    find(document.activeElement);
    text.value = start;
    isOpen.value = true;
  }

  function perform(what: "log" | "cancel", target: EventTarget | null): void {
    find(target);
    wish.value = subject.value ? what : null;
  }
  return { isOpen, isHelpOpen, text, subject, wish, show, perform };
});
