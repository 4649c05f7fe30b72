/** Whether a key goes into a field, or into a dialog or a menu, and so is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=alertdialog], [role=dialog]") !== null;
}
