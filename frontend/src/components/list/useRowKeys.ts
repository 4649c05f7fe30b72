import { useKeys } from "@/lib/keys";

export interface RowKeys {
  move: (by: number) => void;
  select: (extend: boolean) => void;
  selectAll: () => void;
  unfold: (on: boolean) => void;
}

/** The keys that work on a list wherever the focus is, as long as it is in no field, dialog or other list. */
export function useRowKeys(table: () => HTMLElement | null, isSecond: () => boolean, acts: RowKeys): void {
  function isOurs(event: KeyboardEvent): boolean {
    const inside = table()?.contains(event.target as Node) ?? false;
    if (inside) return true;
    const isMove = event.key.startsWith("Arrow") || event.key.startsWith("Page");
    return !isSecond() && !isMove && !(event.target as HTMLElement).closest?.("table, [role=dialog], [role=alertdialog]");
  }
  const ours = (act: (event: KeyboardEvent) => void) => (event: KeyboardEvent) => (isOurs(event) ? act(event) : false);

  useKeys(
    {
      down: ours(() => acts.move(1)),
      up: ours(() => acts.move(-1)),
      pageDown: ours(() => acts.move(10)),
      pageUp: ours(() => acts.move(-10)),
      select: ours((event) => acts.select(event.shiftKey)),
      selectAll: ours(acts.selectAll),
      unfold: ours(() => acts.unfold(true)),
      fold: ours(() => acts.unfold(false)),
    },
    { inDialogs: true },
  );
}
