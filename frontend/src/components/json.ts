export interface Token {
  kind: "name" | "string" | "number" | "word" | "mark";
  text: string;
}

const PART = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)/g;

/** JSON text in pieces, each with what it is. */
export function jsonTokens(text: string): Token[] {
  const found: Token[] = [];
  let end = 0;
  for (const match of text.matchAll(PART)) {
    if (match.index > end) found.push({ kind: "mark", text: text.slice(end, match.index) });
    const [all, quoted, colon, number] = match;
    if (quoted !== undefined) {
      found.push({ kind: colon === undefined ? "string" : "name", text: quoted });
      if (colon !== undefined) found.push({ kind: "mark", text: colon });
    } else found.push({ kind: number === undefined ? "word" : "number", text: all });
    end = match.index + all.length;
  }
  if (end < text.length) found.push({ kind: "mark", text: text.slice(end) });
  return found;
}
