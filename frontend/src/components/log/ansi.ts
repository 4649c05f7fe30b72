/** What terminals do with colour, as far as a log needs it: SGR sequences (ECMA-48); all else is dropped. */

export interface Piece {
  text: string;
  color?: string;
  bold?: boolean;
  faint?: boolean;
  underline?: boolean;
}

const SEQUENCE = /\u001b\[([0-9;]*)([A-Za-z])|\u001b[^[]?/g;
/** The eight colours by their tokens; black and white are what the page writes with. */
const COLORS = ["--t3", "--st-failed", "--st-completed", "--st-timeout", "--st-running", "--st-dead", "--st-running", "--t1"];

/** A colour of the 256: the first sixteen by their tokens, the others as they are defined. */
function color256(index: number): string {
  if (index < 16) return `var(${COLORS[index % 8] ?? "--t1"})`;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}

type Look = Omit<Piece, "text">;

function apply(look: Look, codes: number[]): Look {
  let next = { ...look };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.faint = true;
    else if (code === 4) next.underline = true;
    else if (code === 22) next = { ...next, bold: false, faint: false };
    else if (code === 24) next.underline = false;
    else if (code >= 30 && code <= 37) next.color = color256(code - 30);
    else if (code >= 90 && code <= 97) next.color = color256(code - 90);
    else if (code === 39) next.color = undefined;
    else if ((code === 38 || code === 48) && codes[at + 1] === 5) {
      if (code === 38) next.color = color256(Math.min(255, codes[at + 2] ?? 7));
      at += 2;
    }
  }
  return next;
}

/** A line in pieces that look alike. */
export function pieces(line: string): Piece[] {
  if (!line.includes("\u001b")) return [{ text: line }];
  const found: Piece[] = [];
  let look: Look = {};
  let from = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    if (match.index > from) found.push({ ...look, text: line.slice(from, match.index) });
    from = match.index + match[0].length;
    if (match[2] === "m") look = apply(look, (match[1] ?? "").split(";").map(Number));
  }
  if (from < line.length) found.push({ ...look, text: line.slice(from) });
  return found;
}

/** A line without any of it, to search in and to copy. */
export function plain(line: string): string {
  return line.includes("\u001b") ? line.replace(SEQUENCE, "") : line;
}
