import type { Line } from "./useLog";

/** Nearer to the end than this is near. */
const NEAR = 200;

/** Which line was printed nearest to a moment; lines are in the order of time. */
export function nearest(lines: readonly Pick<Line, "time">[], moment: string): number {
  const wanted = Date.parse(moment);
  const away = (place: number): number => Math.abs(Date.parse(lines[place]?.time ?? "") - wanted);
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Date.parse(lines[middle]?.time ?? "") < wanted) low = middle + 1;
    else high = middle;
  }
  if (low === lines.length) return low - 1;
  return low > 0 && away(low - 1) <= away(low) ? low - 1 : low;
}

/** Where the log of what failed is opened: at the first line of the last words on stderr, if near the end. */
export function errorPlace(lines: readonly Pick<Line, "stream">[]): number {
  const from = Math.max(0, lines.length - NEAR);
  let place = lines.findLastIndex((line) => line.stream === "stderr");
  if (place < from) return -1;
  while (place > from && lines[place - 1]?.stream === "stderr") place -= 1;
  return place;
}
