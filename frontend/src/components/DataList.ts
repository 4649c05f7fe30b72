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
}

export interface Sort {
  by: string;
  order: "asc" | "desc";
}
