import { describe, expect, it } from "vitest";

import { isName, looksSecret, readEnv } from "@/pages/variables/env";

const pairs = (text: string): Record<string, string> => Object.fromEntries(readEnv(text).filter((line) => !line.fault).map((line) => [line.name, line.value]));

describe("a pasted .env", () => {
  it("has names and values, with comments, exports and spaces left out", () => {
    expect(pairs("# where\nA=1\n\n export B = two words  # note\nC=\r\nD=a=b#c")).toEqual({ A: "1", B: "two words", C: "", D: "a=b#c" });
  });
  it("keeps what is quoted as it is", () => {
    expect(pairs(`A="x # y"\nB='it\\n'\nC="line\\nnext"\nD="say \\"so\\""\nE=" in "`)).toEqual({ A: "x # y", B: "it\\n", C: "line\nnext", D: 'say "so"', E: " in " });
  });
  it("takes quotes over several lines", () => {
    expect(pairs('KEY="-----BEGIN\nabc\n-----END"\nB=2')).toEqual({ KEY: "-----BEGIN\nabc\n-----END", B: "2" });
  });
  it("tells what is wrong, and where, without losing the rest", () => {
    expect(readEnv("9A=1\njust words\nOPEN=\"x\nB=2").map(({ name, line, fault }) => [name, line, fault])).toEqual([
      ["9A", 1, "name"],
      ["just words", 2, "name"],
      ["OPEN", 3, "quote"],
      ["B", 4, undefined],
    ]);
  });
  it("lets the last of one name count", () => {
    expect(readEnv("A=1\nA=2").map((line) => line.fault)).toEqual(["repeated", undefined]);
  });
});

describe("names", () => {
  it.each(["API_KEY", "github_token", "DB_PASSWORD", "SECRET", "AWS_SECRET_ACCESS_KEY", "MY_APIKEY", "TOKENS"])("%s sounds secret", (name) => expect(looksSecret(name)).toBe(true));
  it.each(["BASE_URL", "KEYBOARD", "MONKEY_BUSINESS", "COMPASS", "TOKENIZER", "REGION"])("%s does not", (name) => expect(looksSecret(name)).toBe(false));
  it("are letters, digits and _", () => {
    expect(["A", "_a9", "a".repeat(64)].every(isName)).toBe(true);
    expect(["", "9a", "a-b", "ä", "a".repeat(65)].some(isName)).toBe(false);
  });
});
