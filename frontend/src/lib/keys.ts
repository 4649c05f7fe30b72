import { onBeforeUnmount, onMounted } from "vue";

import { useAppearance } from "@/stores/appearance";

/**
 * All keys of the page, in one table: what listens for them, the help sheet and the tooltips read
 * them here. `key` is what the browser calls it; those of one letter can be switched off.
 */
export const KEYS = {
  palette: { group: "everywhere", key: "k", ctrl: true, typing: true },
  search: { group: "everywhere", key: "/" },
  help: { group: "everywhere", key: "?" },
  go: { group: "everywhere", key: "g" },
  rail: { group: "everywhere", key: "[" },
  notices: { group: "everywhere", key: "N", shift: true },
  close: { group: "everywhere", key: "Escape" },
  down: { group: "list", key: "j", also: ["ArrowDown"] },
  up: { group: "list", key: "k", also: ["ArrowUp"] },
  pageDown: { group: "list", key: "PageDown" },
  pageUp: { group: "list", key: "PageUp" },
  open: { group: "list", key: "Enter" },
  openTab: { group: "list", key: "o" },
  select: { group: "list", key: "x", also: ["X"] },
  selectAll: { group: "list", key: "a", ctrl: true },
  unfold: { group: "list", key: "ArrowRight" },
  fold: { group: "list", key: "ArrowLeft" },
  peek: { group: "list", key: " " },
  filter: { group: "list", key: "f" },
  view: { group: "list", key: "1", upTo: "9" },
  menu: { group: "list", key: "." },
  create: { group: "job", key: "n" },
  run: { group: "job", key: "r" },
  pause: { group: "job", key: "p" },
  edit: { group: "job", key: "e" },
  log: { group: "job", key: "l" },
  cancel: { group: "job", key: "c" },
  follow: { group: "log", key: "f" },
  end: { group: "log", key: "G", shift: true },
  errorBefore: { group: "log", key: "[" },
  errorAfter: { group: "log", key: "]" },
  present: { group: "timeline", key: "t" },
  save: { group: "form", key: "s", ctrl: true, typing: true },
  saveAndRun: { group: "form", key: "Enter", ctrl: true, typing: true },
} as const satisfies Record<string, Key>;

export interface Key {
  group: "everywhere" | "list" | "job" | "log" | "timeline" | "form";
  key: string;
  /** Other keys that do the same. */
  also?: readonly string[];
  /** The last of a row of keys that begins with `key`. */
  upTo?: string;
  ctrl?: boolean;
  shift?: boolean;
  /** Whether it is heard while somebody types. */
  typing?: boolean;
}
export type KeyName = keyof typeof KEYS;

/** What a key does; `false` leaves it to others. */
export type Act = (event: KeyboardEvent) => unknown;
export type Acts = Partial<Record<KeyName, Act>>;

const NAMES: Record<string, string> = {
  Escape: "Esc",
  Enter: "↵",
  " ": "Space",
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowRight: "→",
  ArrowLeft: "←",
  PageDown: "Pg ↓",
  PageUp: "Pg ↑",
};

/** The keys to press, as they stand on a keyboard: `["Ctrl", "K"]`. */
export function capsOf(name: KeyName): string[] {
  const key: Key = KEYS[name];
  const control = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";
  const cap = (NAMES[key.key] ?? key.key.toUpperCase()) + (key.upTo ? `…${key.upTo}` : "");
  return [...(key.ctrl ? [control] : []), ...(key.shift ? ["Shift"] : []), cap];
}

/** Whether a key goes into a field. Boxes take no letters: on them those are free. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
  return target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type);
}

/** Whether a key goes into a dialog or a menu. */
export function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("[role=alertdialog], [role=dialog], [role=listbox]") !== null;
}

/** All ways to press it, as on a keyboard. */
export function waysOf(name: KeyName): string[] {
  const key: Key = KEYS[name];
  const others = (key.also ?? []).filter((other) => other.toLowerCase() !== key.key.toLowerCase());
  return [capsOf(name).join(" "), ...others.map((other) => NAMES[other] ?? other.toUpperCase())];
}

/** Whether an event is this key. */
export function isKey(event: KeyboardEvent, name: KeyName): boolean {
  const key: Key = KEYS[name];
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey || control !== (key.ctrl ?? false)) return false;
  if (key.ctrl) return event.key.toLowerCase() === key.key.toLowerCase();
  if (key.upTo) return event.key.length === 1 && event.key >= key.key && event.key <= key.upTo;
  return event.key === key.key || (key.also ?? []).includes(event.key);
}

/** Whether a key is of the kind that can be switched off: a character alone. */
export function isLetter(event: KeyboardEvent): boolean {
  return event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** Do what an event stands for, unless it is a letter and those are switched off; whether it was taken. */
export function perform(event: KeyboardEvent, acts: Acts): boolean {
  if (isLetter(event) && !useAppearance().letterKeys) return false;
  for (const name of Object.keys(acts) as KeyName[]) {
    if (!isKey(event, name) || acts[name]?.(event) === false) continue;
    event.preventDefault();
    return true;
  }
  return false;
}

interface Where {
  /** Before all others, who then don't hear it. */
  first?: boolean;
  inFields?: boolean;
  inDialogs?: boolean;
}

/**
 * Listen for keys while a component is there. Nothing is heard while somebody types, nor single
 * letters where they are switched off; what others have taken is left to them.
 */
export function useKeys(acts: Acts, where: Where = {}): void {
  function isHeard(event: KeyboardEvent, name: KeyName): boolean {
    const key: Key = KEYS[name];
    if (key.typing) return true;
    return (where.inFields === true || !isField(event.target)) && (where.inDialogs === true || !isInDialog(event.target));
  }
  const heard = Object.fromEntries(
    (Object.keys(acts) as KeyName[]).map((name) => [name, (event: KeyboardEvent) => (isHeard(event, name) ? acts[name]?.(event) : false)]),
  );
  useListener((event) => {
    if (!event.defaultPrevented && perform(event, heard) && where.first) event.stopImmediatePropagation();
  }, where.first);
}

/** Listen for a letter that follows another within some time (ms); `act` says whether it knew it. */
export function useSecondLetter(first: KeyName, within: number, act: (letter: string) => boolean): void {
  let until = 0;
  useListener((event) => {
    if (!isLetter(event) || isField(event.target) || isInDialog(event.target) || !useAppearance().letterKeys) return;
    if (Date.now() >= until) {
      if (isKey(event, first)) until = Date.now() + within;
      return;
    }
    until = 0;
    if (!act(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}

function useListener(onKey: (event: KeyboardEvent) => void, capture = false): void {
  onMounted(() => window.addEventListener("keydown", onKey, { capture }));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey, { capture }));
}
