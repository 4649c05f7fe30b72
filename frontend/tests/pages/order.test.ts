import { expect, it } from "vitest";

import { canResume, linkLooks, moved } from "@/pages/chains/order";

it("moves one link and leaves the others in their order", () => {
  expect(moved(["a", "b", "c", "d"], 0, 2)).toEqual(["b", "c", "a", "d"]);
  expect(moved(["a", "b", "c", "d"], 3, 0)).toEqual(["d", "a", "b", "c"]);
  expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

it("shows the link whose turn it is as running, later ones as not begun", () => {
  const run = { status: "running", current_index: 2, link_statuses: ["completed", "pending", "pending"] };
  expect(linkLooks(run)).toEqual(["completed", "running", null]);
  expect(linkLooks({ ...run, status: "failed" })).toEqual(["completed", null, null]);
  expect(linkLooks({ status: "failed", current_index: 3, link_statuses: ["completed", "failed", "skipped"] })).toEqual(["completed", "failed", "skipped"]);
});

it("resumes what has stopped, not what runs or is done", () => {
  expect(["failed", "cancelled", "completed", "running", "skipped", undefined].map(canResume)).toEqual([true, true, false, false, false, false]);
});
