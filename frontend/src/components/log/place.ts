import type { Line } from "./useLog";

/** Nearer to the end than this is near. */
const NEAR = 200;

/** Where the log of what failed is opened: at the first line of the last words on stderr, if near the end. */
export function errorPlace(lines: readonly Pick<Line, "stream">[]): number {
  const from = Math.max(0, lines.length - NEAR);
  let place = lines.findLastIndex((line) => line.stream === "stderr");
  if (place < from) return -1;
  while (place > from && lines[place - 1]?.stream === "stderr") place -= 1;
  return place;
}
