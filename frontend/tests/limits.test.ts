import { describe, expect, it } from "vitest";

import { formOf, limitsOf } from "@/pages/workers/limits";

describe("the limits of a queue", () => {
  it("are none where the fields are empty", () => {
    expect(limitsOf({ limit: " ", count: "", period: "1m" })).toEqual({ limits: { limit: null, rate: null } });
  });
  it("come back as they went in", () => {
    for (const [limit, rate] of [[3, "10/1m"], [null, "1/1h30m"], [10_000, null]] as const) {
      expect(limitsOf(formOf(limit, rate))).toEqual({ limits: { limit, rate } });
    }
  });
  it.each(["0", "-1", "1.5", "abc", "10001", "1e3"])("are no limit of %s", (text) => {
    expect(limitsOf({ limit: text, count: "", period: "" })).toEqual({ wrong: ["limit"] });
    expect(limitsOf({ limit: "", count: text, period: "1m" })).toEqual({ wrong: ["rate"] });
  });
  it.each(["", "m", "1w", "1m 30s", "10"])("have no period of «%s»", (period) => {
    expect(limitsOf({ limit: "", count: "5", period })).toEqual({ wrong: ["rate"] });
  });
});
