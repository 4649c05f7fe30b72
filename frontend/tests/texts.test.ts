import { expect, it } from "vitest";
import { createI18n } from "vue-i18n";

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

it("has no text that cannot be read, such as one with a bare @", () => {
  const i18n = createI18n({ legacy: false, locale: "en", messages: {} });
  const say = i18n.global.t as (key: string, values: object) => string;
  for (const tree of [en, vi]) {
    for (const [key, text] of flat(tree)) {
      i18n.global.setLocaleMessage("en", { text } as never);
      expect(() => say("text", { name: "x" }), key).not.toThrow();
    }
  }
});
