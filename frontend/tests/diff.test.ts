import { describe, expect, it } from "vitest";

import { diffLines, folded, sideBySide } from "@/lib/diff";

const signs = (before: string, after: string): string[] => diffLines(before, after).map((line) => ({ same: " ", gone: "-", new: "+" })[line.kind] + line.text);

describe("what differs between two texts", () => {
  it("keeps what both have and tells the rest by side", () => {
    expect(signs("a\nb\nc", "a\nx\nc")).toEqual([" a", "-b", "+x", " c"]);
    expect(signs("a\nb", "a\nb\nc")).toEqual([" a", " b", "+c"]);
    expect(signs("a\na\nb", "a\nb")).toEqual([" a", "-a", " b"]);
    expect(signs("", "a")).toEqual(["-", "+a"]);
  });

  it("gives each line its number on its side", () => {
    expect(diffLines("a\nb", "b").map(({ left, right }) => [left, right])).toEqual([[1, undefined], [2, 1]]);
  });

  it("rebuilds both texts, whatever they are", () => {
    const word = (n: number): string => "abc"[n % 3] ?? "a";
    for (let seed = 1; seed < 60; seed += 1) {
      const text = (by: number): string => Array.from({ length: (seed * by) % 9 }, (_, index) => word((seed * (index + by) * 7) >> 1)).join("\n");
      const [before, after] = [text(3), text(5)];
      const lines = diffLines(before, after);
      expect(lines.filter((line) => line.kind !== "new").map((line) => line.text).join("\n")).toBe(before);
      expect(lines.filter((line) => line.kind !== "gone").map((line) => line.text).join("\n")).toBe(after);
    }
  });

  it("puts what went beside what came in its place, and folds what is far from both", () => {
    const rows = sideBySide(diffLines("1\n2\n3\n4\n5\n6\nold\n8", "1\n2\n3\n4\n5\n6\nnew\nmore\n8"));
    expect(rows.slice(6, 8).map((row) => [row.left?.text, row.right?.text])).toEqual([["old", "new"], [undefined, "more"]]);
    expect(folded(rows)[0]).toEqual({ hidden: 3 });
    expect(folded(rows)).toHaveLength(rows.length - 2);
  });

  it("does not hang on texts that are very long", () => {
    const long = Array.from({ length: 30_000 }, (_, index) => `line ${index}`);
    expect(diffLines(long.join("\n"), [...long.slice(0, 15_000), "x", ...long.slice(15_000)].join("\n")).filter((line) => line.kind === "new")).toHaveLength(1);
    expect(diffLines(long.join("\n"), long.map((line) => `${line}!`).join("\n"))).toHaveLength(60_000);
  });
});
