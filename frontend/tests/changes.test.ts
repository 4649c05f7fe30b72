import { expect, it } from "vitest";

import { changesOf } from "@/pages/audit/changes";

it("sets before and after beside each other, and keeps what else was said", () => {
  const detail = { fields: ["a"], status: 409, changes: [{ kind: "queue", id: "q1", name: "bulk", what: "changed", values: { limit: [null, 3], tags: [["a"], []] } }] };
  expect(changesOf(detail)).toEqual({
    changes: [
      { what: "queue · bulk · changed", field: "limit", before: "–", after: "3" },
      { what: "queue · bulk · changed", field: "tags", before: '["a"]', after: "[]" },
    ],
    rest: [
      ["fields", '["a"]'],
      ["status", "409"],
    ],
  });
});

it("does not stumble over what it does not know", () => {
  expect(changesOf(null)).toEqual({ changes: [], rest: [] });
  expect(changesOf({ changes: "none" }).changes).toEqual([]);
  expect(changesOf({ changes: [{ kind: "job", what: "deleted" }, 7] }).changes).toEqual([{ what: "job · deleted", field: "", before: "", after: "" }]);
});
