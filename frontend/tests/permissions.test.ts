import { describe, expect, it } from "vitest";

import schema from "../openapi.json";
import en from "@/i18n/en/people";
import vi from "@/i18n/vi/people";

describe("the permissions", () => {
  const names = schema.components.schemas.NewRole.properties.permissions.items.enum;
  const keys = names.map((name) => name.replace(/[:-]/g, "_")).sort();

  it("are all told in words, in both languages", () => {
    expect(keys.length).toBeGreaterThan(15);
    expect(Object.keys(en.may).sort()).toEqual(keys);
    expect(Object.keys(vi.may).sort()).toEqual(keys);
  });
});
