import { describe, expect, it } from "vitest";

import { dark, light, type Palette } from "@/theme/tokens";

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = channels.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const TEXTS = ["t1", "t2", "t3", "iris"];
const STATES = ["completed", "failed", "timeout", "running", "queued", "scheduled", "cancelled", "dead", "paused"];

describe.each([
  ["dark", dark],
  ["light", light],
])("the %s tokens", (_name, palette: Palette) => {
  const get = (token: string): string => palette[token] ?? "";

  it.each(TEXTS.flatMap((text) => ["bg", "s1", "s2"].map((surface) => [text, surface] as const)))("%s can be read on %s", (text, surface) => {
    expect(contrast(get(text), get(surface))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(STATES)("the state %s can be read on panels", (state) => {
    expect(contrast(get(`st-${state}`), get("s1"))).toBeGreaterThanOrEqual(4.5);
  });

  it("controls stand out, and so does the primary button's text", () => {
    for (const surface of ["bg", "s1", "s2"]) expect(contrast(get("line-strong"), get(surface))).toBeGreaterThanOrEqual(3);
    expect(contrast(get("paper"), get("ink"))).toBeGreaterThanOrEqual(7);
  });
});
