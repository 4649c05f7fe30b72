import { describe, expect, it } from "vitest";

import { coarseText, durationText, sizeText } from "@/lib/duration";

describe("lengths of time", () => {
  it.each([
    [0, "0 ms"],
    [310, "310 ms"],
    [6_240, "6.2 s"],
    [9_999, "9.9 s"],
    [19_400, "19 s"],
    [108_000, "1 m 48 s"],
    [60_000, "1 m 00 s"],
    [7_440_000, "2 h 04 m"],
    [273_600_000, "3 d 4 h"],
  ])("%i ms read as %s", (ms, text) => expect(durationText(ms)).toBe(text));

  it.each([
    [53_000, "53 s"],
    [-53_000, "53 s"],
    [13 * 60_000, "13 min"],
    [3 * 3_600_000, "3 h"],
    [4 * 86_400_000, "4 d"],
  ])("%i ms are coarsely %s", (ms, text) => expect(coarseText(ms)).toBe(text));
});

it.each([
  [812, "812 B"],
  [2_345, "2.3 kB"],
  [436_000_000, "436 MB"],
])("%i bytes read as %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));
