import { describe, expect, it } from "vitest";

import { bestOf, fold, score } from "@/lib/fuzzy";

describe("texts typed in a hurry", () => {
  it("lose capitals and tones", () => {
    expect(fold("Đồng bộ KHO")).toBe("dong bo kho");
    expect(fold("Đồng bộ".normalize("NFD"))).toBe("dong bo");
  });

  it("fit best where they begin, and also with letters left out", () => {
    const names = ["late-vacuum", "revacuum", "vacuum-ledger", "vacuum", "v-a-c-u-u-m", "other"];
    expect(bestOf("vacuum", names, (name) => name, 9)).toEqual(["vacuum", "vacuum-ledger", "late-vacuum", "revacuum", "v-a-c-u-u-m"]);
    expect(bestOf("vcledg", names, (name) => name, 9)).toEqual(["vacuum-ledger"]);
    expect(bestOf("dong", ["Đồng bộ", "x"], (name) => name, 9)).toEqual(["Đồng bộ"]);
  });

  it("must fit with each word", () => {
    expect(score("ledger vac", "vacuum-ledger")).toBeGreaterThan(0);
    expect(score("ledger xyz", "vacuum-ledger")).toBe(0);
    expect(score("", "vacuum")).toBe(0);
  });

  it("are no fit by two letters far apart", () => {
    expect(score("vr", "vacuum-ledger")).toBe(0);
  });
});
