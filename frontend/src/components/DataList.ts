/** A column of a list. */
export interface Column {
  key: string;
  title: string;
  /** The name by which the server sorts, if it can. */
  sort?: string;
  align?: "right";
  width?: string;
  /** On a phone: left out of the first line of the card, shown in the second. */
  second?: boolean;
  /** On a phone: the heading stands before the value, which says too little alone. */
  named?: boolean;
  /** The heading is for screen readers only. */
  quiet?: boolean;
  /** Shown only if somebody chooses it. */
  optional?: boolean;
  /** Can't be left out: without it nobody knows which row it is. */
  fixed?: boolean;
}

export interface Sort {
  by: string;
  order: "asc" | "desc";
}

/** What stands in the body of a list, one below the other. */
export type Item<Row> =
  | { kind: "group"; key: string; group: string; row: Row }
  | { kind: "row"; key: string; row: Row; index: number }
  | { kind: "detail"; key: string; row: Row };

/** Rows with their groups' headings and what is unfolded under them; rows of folded groups are left out. */
export function itemsOf<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  groupOf: ((row: Row) => string) | undefined,
  folded: ReadonlySet<string>,
  unfolded: ReadonlySet<string>,
): Item<Row>[] {
  const items: Item<Row>[] = [];
  let last: string | undefined;
  let index = 0;
  for (const row of rows) {
    const group = groupOf?.(row);
    if (group !== undefined && group !== last) items.push({ kind: "group", key: `group:${group}`, group, row });
    last = group;
    if (group !== undefined && folded.has(group)) continue;
    const key = keyOf(row);
    items.push({ kind: "row", key, row, index });
    index += 1;
    if (unfolded.has(key)) items.push({ kind: "detail", key: `detail:${key}`, row });
  }
  return items;
}

/** The rows of each group together, groups in the order given; within a group the order stays. */
export function grouped<Row>(rows: readonly Row[], groupOf: (row: Row) => string, order: readonly string[]): Row[] {
  const place = new Map(order.map((group, index) => [group, index]));
  const at = (row: Row): number => place.get(groupOf(row)) ?? order.length;
  return rows.map((row, index) => ({ row, index })).sort((a, b) => at(a.row) - at(b.row) || a.index - b.index).map((one) => one.row);
}

/** A set with or without a value, as a new one. */
export function toggled<T>(set: ReadonlySet<T>, value: T): Set<T> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}
