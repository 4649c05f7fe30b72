/** What differs between two texts, line by line. */

export interface DiffLine {
  kind: "same" | "gone" | "new";
  text: string;
  /** The number of the line on its side, from 1. */
  left?: number;
  right?: number;
}

/** A line on the left beside the line on the right that took its place. */
export interface DiffRow {
  left: DiffLine | null;
  right: DiffLine | null;
}

export interface Fold {
  hidden: number;
}

/** Longer texts are told as all gone and all new: the table of all pairs would not fit. */
const MOST_LINES = 2_000;

/** The lines of both texts in one order: what stayed, what went, what came. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const kinds: DiffLine[] = [
    ...a.slice(0, start).map((text): DiffLine => ({ kind: "same", text })),
    ...middle,
    ...a.slice(a.length - end).map((text): DiffLine => ({ kind: "same", text })),
  ];
  return numbered(kinds);
}

function between(a: readonly string[], b: readonly string[]): DiffLine[] {
  if (a.length > MOST_LINES || b.length > MOST_LINES) {
    return [...a.map((text): DiffLine => ({ kind: "gone", text })), ...b.map((text): DiffLine => ({ kind: "new", text }))];
  }
  // common[i][j]: how many lines of a from i and of b from j have in common.
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ kind: "same", text: a[i] ?? "" });
      [i, j] = [i + 1, j + 1];
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      found.push({ kind: "gone", text: a[i] ?? "" });
      i += 1;
    } else {
      found.push({ kind: "new", text: b[j] ?? "" });
      j += 1;
    }
  }
  return found;
}

function numbered(lines: readonly DiffLine[]): DiffLine[] {
  let [left, right] = [0, 0];
  return lines.map((line) => ({
    ...line,
    ...(line.kind === "new" ? {} : { left: (left += 1) }),
    ...(line.kind === "gone" ? {} : { right: (right += 1) }),
  }));
}

/** Lines side by side: what went beside what came in its place. */
export function sideBySide(lines: readonly DiffLine[]): DiffRow[] {
  const rows: DiffRow[] = [];
  let gone: DiffLine[] = [];
  let fresh: DiffLine[] = [];
  const flush = (): void => {
    for (let index = 0; index < Math.max(gone.length, fresh.length); index += 1) {
      rows.push({ left: gone[index] ?? null, right: fresh[index] ?? null });
    }
    [gone, fresh] = [[], []];
  };
  for (const line of lines) {
    if (line.kind === "gone") gone.push(line);
    else if (line.kind === "new") fresh.push(line);
    else {
      flush();
      rows.push({ left: line, right: line });
    }
  }
  flush();
  return rows;
}

const isChanged = (row: DiffRow): boolean => row.left?.kind !== "same";

/** Rows with what is far from any change folded away. */
export function folded(rows: readonly DiffRow[], around = 3): (DiffRow | Fold)[] {
  const near = rows.map((_, index) => rows.slice(Math.max(0, index - around), index + around + 1).some(isChanged));
  const found: (DiffRow | Fold)[] = [];
  rows.forEach((row, index) => {
    const last = found.at(-1);
    if (near[index]) found.push(row);
    else if (last && "hidden" in last) last.hidden += 1;
    else found.push({ hidden: 1 });
  });
  return found;
}
