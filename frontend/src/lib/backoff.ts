const FIRST_MS = 1_000;
const MOST_MS = 30_000;

/** How long to wait before the next try: twice as long each time, and not all pages at once. */
export function backoff(failures: number): number {
  const most = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), MOST_MS);
  return Math.max(FIRST_MS, most * (0.5 + Math.random() / 2));
}
