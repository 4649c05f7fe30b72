/** The rows from one to another, both included, whichever comes first. */
export function between(from: number, to: number): [number, number] {
  return from <= to ? [from, to] : [to, from];
}

/** What is chosen after a row's box was used; `extend` does to all from the anchor what is done to the row. */
export function chosenAfter(chosen: ReadonlySet<string>, keys: readonly string[], index: number, anchor: number | null): Set<string> {
  const next = new Set(chosen);
  const key = keys[index];
  if (key === undefined) return next;
  const on = !next.has(key);
  const [first, last] = between(anchor ?? index, index);
  for (const one of keys.slice(first, last + 1)) {
    if (on) next.add(one);
    else next.delete(one);
  }
  return next;
}
