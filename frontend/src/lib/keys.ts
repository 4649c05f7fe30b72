import { onBeforeUnmount, onMounted } from "vue";

import { useAppearance } from "@/stores/appearance";

/**
 * All keys of the page, in one table: what listens for them, the help sheet and the tooltips read
 * them here. `key` is what the browser calls it; those of one letter can be switched off.
 */
export const KEYS = {
  palette: { group: "everywhere", key: "k", ctrl: true },
  search: { group: "everywhere", key: "/" },
  help: { group: "everywhere", key: "?" },
  rail: { group: "everywhere", key: "[" },
  notices: { group: "everywhere", key: "N", shift: true },
  close: { group: "everywhere", key: "Escape" },
  down: { group: "list", key: "j" },
  up: { group: "list", key: "k" },
  open: { group: "list", key: "Enter" },
  openTab: { group: "list", key: "o" },
  select: { group: "list", key: "x" },
  menu: { group: "list", key: "." },
  create: { group: "job", key: "n" },
  run: { group: "job", key: "r" },
  pause: { group: "job", key: "p" },
  edit: { group: "job", key: "e" },
  log: { group: "job", key: "l" },
  cancel: { group: "job", key: "c" },
  present: { group: "timeline", key: "t" },
  save: { group: "form", key: "s", ctrl: true },
  saveAndRun: { group: "form", key: "Enter", ctrl: true },
} as const satisfies Record<string, Key>;

export interface Key {
  group: "everywhere" | "list" | "job" | "timeline" | "form";
  key: string;
  ctrl?: boolean;
  shift?: boolean;
}
export type KeyName = keyof typeof KEYS;

const NAMES: Record<string, string> = { Escape: "Esc", Enter: "↵" };

/** The keys to press, as they stand on a keyboard: `["Ctrl", "K"]`. */
export function capsOf(name: KeyName): string[] {
  const key: Key = KEYS[name];
  const control = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";
  const cap = NAMES[key.key] ?? key.key.toUpperCase();
  return [...(key.ctrl ? [control] : []), ...(key.shift ? ["Shift"] : []), cap];
}

/** Whether a key goes into a field, or into a dialog or a menu, and so is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)) return true;
  if (target instanceof HTMLInputElement && !/^(checkbox|radio|button)$/.test(target.type)) return true;
  return target.closest("[role=alertdialog], [role=dialog], [role=listbox]") !== null;
}

/** Whether an event is this key. */
export function isKey(event: KeyboardEvent, name: KeyName): boolean {
  const key: Key = KEYS[name];
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey || control !== (key.ctrl ?? false)) return false;
  return key.ctrl ? event.key.toLowerCase() === key.key.toLowerCase() : event.key === key.key;
}

/** Whether a key is of the kind that can be switched off: a character alone. */
export function isLetter(event: KeyboardEvent): boolean {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/**
 * Listen for keys while a component is there. Nothing is heard while somebody types, nor single
 * letters where they are switched off; what others have taken is left to them.
 */
export function useKeys(handlers: Partial<Record<KeyName, (event: KeyboardEvent) => void>>): void {
  const appearance = useAppearance();
  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || (isLetter(event) && !appearance.letterKeys)) return;
    for (const [name, act] of Object.entries(handlers)) {
      const key: Key = KEYS[name as KeyName];
      if (!isKey(event, name as KeyName) || (isTyping(event.target) && !key.ctrl)) continue;
      act(event);
      return;
    }
  }
  onMounted(() => window.addEventListener("keydown", onKey));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey));
}
