import { isTyping as isInField } from "@/components/list/useRowKeys";

/** Whether a key goes into a field, or into a dialog or a menu, and so is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  return isInField(target) || (target instanceof HTMLElement && target.closest("[role=alertdialog], [role=dialog]") !== null);
}
