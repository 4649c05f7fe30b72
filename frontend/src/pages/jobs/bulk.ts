/** One call for each of many, a few at a time. */

export interface Failure {
  id: string;
  reason: unknown;
}

export interface Progress {
  total: number;
  done: number;
  failures: Failure[];
}

/** How many calls are on their way at a time. */
const WIDTH = 4;

/**
 * Call for each id, a few at a time, and tell after each how far it is.
 *
 * A failure of one spoils no other; once `isStopped` says so, no more calls are begun.
 */
export async function forEachOf(
  ids: readonly string[],
  call: (id: string) => Promise<unknown>,
  tell: (progress: Progress) => void,
  isStopped: () => boolean = () => false,
): Promise<Progress> {
  const progress: Progress = { total: ids.length, done: 0, failures: [] };
  let next = 0;
  async function work(): Promise<void> {
    while (next < ids.length && !isStopped()) {
      const id = ids[next] ?? "";
      next += 1;
      try {
        await call(id);
      } catch (reason) {
        progress.failures.push({ id, reason });
      }
      progress.done += 1;
      tell({ ...progress, failures: [...progress.failures] });
    }
  }
  await Promise.all(Array.from({ length: Math.min(WIDTH, ids.length) }, work));
  return progress;
}
