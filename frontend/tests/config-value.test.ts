import { expect, it } from "vitest";

import { shown, typed } from "@/pages/settings/configValue";

it("shows texts without quotes, and sends what was typed as what was there", () => {
  expect(['"UTC"', "5", "{broken"].map(shown)).toEqual(["UTC", "5", "{broken"]);
  expect(typed("Europe/Berlin", '"UTC"')).toBe('"Europe/Berlin"');
  expect(typed(" 7 ", "5")).toBe("7");
  expect(typed("7", '"UTC"')).toBe('"7"');
  expect(typed("many", "5")).toBe('"many"');
});
