import { expect, it } from "vitest";

import en from "@/i18n/en";
import vi from "@/i18n/vi";

type Tree = { [name: string]: string | Tree };

function flat(tree: Tree, path = ""): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([name, value]) =>
      typeof value === "string" ? [[`${path}${name}`, value] as const] : [...flat(value, `${path}${name}.`)],
    ),
  );
}

const places = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "").sort();

it("says everything in both languages, with the same places to fill in", () => {
  const english = flat(en);
  const vietnamese = flat(vi);
  expect([...vietnamese.keys()].sort()).toEqual([...english.keys()].sort());
  for (const [key, text] of english) expect([key, places(vietnamese.get(key) ?? "")]).toEqual([key, places(text)]);
});
