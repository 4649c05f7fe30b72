/** One line of a pasted `.env` text. */
export interface EnvLine {
  name: string;
  value: string;
  line: number;
  /** What is wrong with it: its name, or a quote that never ends; or another line of this name counts. */
  fault?: "name" | "quote" | "repeated";
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const SECRET_NAME = /(^|_)(KEY|TOKEN|PASSWORD|PASSWD|PASS|PWD|SECRET|CREDENTIALS?|PRIVATE|DSN)S?(_|$)|APIKEY/i;
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** Whether a variable may be named so. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a name sounds like that of a secret. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

function quoted(text: string): string | null {
  const quote = text[0] ?? "";
  let value = "";
  for (let at = 1; at < text.length; at++) {
    const sign = text[at] ?? "";
    if (sign === quote) return value;
    if (sign === "\\" && quote === '"' && at + 1 < text.length) {
      const next = text[++at] ?? "";
      value += ESCAPES[next] ?? next;
    } else value += sign;
  }
  return null;
}

function closes(text: string): boolean {
  return quoted(text) !== null;
}

function plain(text: string): string {
  return text.replace(/\s+#.*$/, "").trim();
}

/** Read a `.env` text: `NAME=value` lines, `export`, comments, quotes that may go over several lines. */
export function readEnv(text: string): EnvLine[] {
  const lines = text.split(/\r?\n/);
  const found: EnvLine[] = [];
  for (let at = 0; at < lines.length; at++) {
    const given = (lines[at] ?? "").trim();
    if (!given || given.startsWith("#")) continue;
    const start = at;
    const split = given.indexOf("=");
    const name = (split < 0 ? given : given.slice(0, split)).replace(/^export\s+/, "").trim();
    if (split < 0 || !isName(name)) {
      found.push({ name, value: "", line: start + 1, fault: "name" });
      continue;
    }
    let rest = (lines[at] ?? "").slice((lines[at] ?? "").indexOf("=") + 1).trimStart();
    if (rest[0] === '"' || rest[0] === "'") {
      let end = at;
      while (!closes(rest) && end + 1 < lines.length) rest += `\n${lines[++end] ?? ""}`;
      const value = quoted(rest);
      if (value === null) found.push({ name, value: "", line: start + 1, fault: "quote" });
      else {
        found.push({ name, value, line: start + 1 });
        at = end;
      }
    } else found.push({ name, value: plain(rest), line: start + 1 });
  }
  return marked(found);
}

/** Of several lines of one name the last counts, as shells have it. */
function marked(lines: EnvLine[]): EnvLine[] {
  const last = new Map(lines.filter((line) => !line.fault).map((line) => [line.name, line.line]));
  return lines.map((line) => (!line.fault && last.get(line.name) !== line.line ? { ...line, fault: "repeated" } : line));
}
