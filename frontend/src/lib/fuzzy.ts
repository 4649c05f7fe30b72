/** Texts as people type them in a hurry: without capitals, without tones, with letters left out. */

/** A text in small letters without tones and accents: `Đồng bộ` as `dong bo`. */
export function fold(text: string): string {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
}

/** How well one word fits into a folded text, 0 if not at all. */
function scoreOfWord(word: string, text: string): number {
  const place = text.indexOf(word);
  if (place === 0) return word.length === text.length ? 120 : 100;
  if (place > 0) return /[\p{L}\p{N}]/u.test(text[place - 1] ?? "") ? 60 : 80;
  let at = -1;
  let spread = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return 0;
    if (at >= 0) spread += next - at - 1;
    at = next;
  }
  // Letters that lie far apart are a coincidence.
  return word.length < 3 || spread > word.length * 3 ? 0 : Math.max(1, 40 - spread);
}

/** How well a wish fits a text, both folded; 0 if not at all. Each of its words must. */
export function score(wish: string, text: string): number {
  const words = wish.split(/\s+/).filter(Boolean);
  const scores = words.map((word) => scoreOfWord(word, text));
  if (!words.length || scores.includes(0)) return 0;
  return Math.round(scores.reduce((sum, one) => sum + one, 0) / words.length);
}

/** Those of some things that fit a wish, the best first; alike ones keep their order. */
export function bestOf<T>(wish: string, things: readonly T[], textOf: (thing: T) => string, most: number): T[] {
  const folded = fold(wish.trim());
  return things
    .map((thing) => ({ thing, points: score(folded, fold(textOf(thing))) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
    .map(({ thing }) => thing);
}
