function* texts(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) yield* texts(part);
}

const HOLE = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]{0,63})\}/g;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/g;

/** Where `${NAME}` may as well mean a variable of the script itself. */
const SCRIPTS = new Set(["shell", "python", "docker", "claude"]);

/**
 * The variables that a job's spec names, of those that there are; and, where nothing else can be
 * meant, those that it names though there are none.
 */
export function usedNames(type: string, spec: unknown, known: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  for (const text of texts(spec)) {
    for (const [word] of text.matchAll(WORD)) if (known.has(word)) found.add(word);
    if (SCRIPTS.has(type)) continue;
    for (const [, escaped, name] of text.matchAll(HOLE)) if (!escaped && name) found.add(name);
  }
  return [...found].sort();
}
