import { expect, it } from "vitest";

import { curlOf } from "@/pages/jobs/editor/request/curl";
import { fromRow, toRow } from "@/pages/jobs/editor/schedule/blackouts";
import { readDraft } from "@/pages/jobs/editor/saving/useDraft";

it("takes blackouts apart and puts them together again as they were", () => {
  for (const given of [{ from: "2030-12-24", to: "2030-12-26" }, { from: "22:00", to: "06:00" }, { weekdays: [0, 6], from: "00:00", to: "24:00" }]) {
    const row = toRow(given);
    expect(row && fromRow(row)).toEqual(given);
  }
  expect(toRow({ weekdays: [1], from: "", to: "" })?.kind).toBe("weekly");
  expect(toRow({ from: "2030-12-24", to: "2030-12-24", name: "x" })).toBeNull();
});

it("quotes a request for a shell, with no key in it", () => {
  const text = curlOf({ name: "it's" }, "http://localhost");
  expect(text).toContain(String.raw`"name": "it'\''s"`);
  expect(text).toContain("$ONEOFF_API_KEY");
});

it("forgets drafts that are old or none", () => {
  localStorage.setItem("oneoff.draft.a", JSON.stringify({ at: 1000, version: 1, form: { name: "x" } }));
  expect(readDraft("a", 2000)?.version).toBe(1);
  expect(readDraft("a", 8 * 86_400_000)).toBeNull();
  expect(localStorage.getItem("oneoff.draft.a")).toBeNull();
  localStorage.setItem("oneoff.draft.b", "no json");
  expect(readDraft("b", 0)).toBeNull();
});
