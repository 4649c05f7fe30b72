/** Dragging an axis of time, and turning the wheel over it. */

/** From so many pixels on a press is a drag, and opens nothing. */
const LEAST = 4;

export interface Pan {
  onDown: (event: PointerEvent) => void;
  onClick: (event: MouseEvent) => void;
  onWheel: (event: WheelEvent) => void;
}

/** `moved` is told how far the hand went as a share of the axis, `zoomed` in which direction and where on it. */
export function usePan(axis: () => HTMLElement | null, moved: (share: number) => void, zoomed: (closer: boolean, share: number) => void): Pan {
  let wasDragged = false;

  function onDown(event: PointerEvent): void {
    wasDragged = false;
    if (event.button !== 0 || event.pointerType === "touch") return;
    const from = event.clientX;
    const width = axis()?.getBoundingClientRect().width ?? 0;
    const onMove = (move: PointerEvent): void => {
      if (Math.abs(move.clientX - from) >= LEAST) wasDragged = true;
    };
    const onUp = (up: PointerEvent): void => {
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onUp);
      if (wasDragged && width) moved((from - up.clientX) / width);
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onUp);
  }

  /** What ends a drag is no click on what lies below. */
  function onClick(event: MouseEvent): void {
    if (!wasDragged) return;
    event.stopPropagation();
    event.preventDefault();
    wasDragged = false;
  }

  /** The wheel alone scrolls the page, as everywhere. */
  function onWheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey) || !event.deltaY) return;
    const box = axis()?.getBoundingClientRect();
    if (!box?.width) return;
    event.preventDefault();
    zoomed(event.deltaY < 0, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }
  return { onDown, onClick, onWheel };
}
