import { onBeforeUnmount, onMounted } from "vue";

import { isLetter } from "@/lib/keys";
import { useAppearance } from "@/stores/appearance";

export interface RowKeys {
  move: (by: number) => void;
  select: (extend: boolean) => void;
  selectAll: () => void;
  unfold: (on: boolean) => void;
}

/** Whether a key goes into a field. Boxes take no letters: on them those are free for the list. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && /^(checkbox|radio)$/.test(target.type)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** The keys that work on a list wherever the focus is, as long as it is in no field, dialog or other list. */
export function useRowKeys(table: () => HTMLElement | null, isSecond: () => boolean, acts: RowKeys): void {
  const appearance = useAppearance();
  const keys: Record<string, (event: KeyboardEvent) => void> = {
    j: () => acts.move(1),
    ArrowDown: () => acts.move(1),
    k: () => acts.move(-1),
    ArrowUp: () => acts.move(-1),
    PageDown: () => acts.move(10),
    PageUp: () => acts.move(-10),
    ArrowRight: () => acts.unfold(true),
    ArrowLeft: () => acts.unfold(false),
    x: (event) => acts.select(event.shiftKey),
    X: (event) => acts.select(event.shiftKey),
  };

  function isOurs(event: KeyboardEvent): boolean {
    const inside = table()?.contains(event.target as Node) ?? false;
    if (inside) return true;
    const isMove = event.key.startsWith("Arrow") || event.key.startsWith("Page");
    return !isSecond() && !isMove && !(event.target as HTMLElement).closest?.("table, [role=dialog], [role=alertdialog]");
  }

  function onKey(event: KeyboardEvent): void {
    if (event.altKey || isTyping(event.target) || !isOurs(event)) return;
    if (isLetter(event) && !appearance.letterKeys) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key !== "a") return;
      event.preventDefault();
      acts.selectAll();
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  }
  onMounted(() => window.addEventListener("keydown", onKey));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey));
}
