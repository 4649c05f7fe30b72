import { beforeEach, expect, it } from "vitest";
import { computed, nextTick } from "vue";

import { after, begun, met, type Step } from "@/components/bulk/going";
import { grouped, itemsOf, toggled } from "@/components/DataList";
import { chosenWith, type Field, folded, matching, told } from "@/components/filter/fields";
import { chosenAfter } from "@/components/list/selection";
import { useColumns } from "@/components/list/useColumns";
import { isShown } from "@/components/list/views";
import { steadied } from "@/lib/useSteady";
import { barsOf, stretch } from "@/pages/executions/hours";
import { filterOf as executionFilter } from "@/pages/executions/useExecutionsList";
import { filterOf as jobFilter } from "@/pages/jobs/useJobsList";

beforeEach(() => localStorage.clear());
const KEYS = ["a", "b", "c", "d", "e"];

it("chooses a row, and with Shift all from the last one, whichever comes first", () => {
  expect([...chosenAfter(new Set(), KEYS, 1, null)]).toEqual(["b"]);
  expect([...chosenAfter(new Set(["b"]), KEYS, 3, 1)]).toEqual(["b", "c", "d"]);
  expect([...chosenAfter(new Set(["d"]), KEYS, 1, 3)].sort()).toEqual(["b", "c", "d"]);
  expect([...chosenAfter(new Set(KEYS), KEYS, 3, 1)]).toEqual(["a", "e"]);
  expect([...chosenAfter(new Set(["a"]), KEYS, 9, null)]).toEqual(["a"]);
});

it("puts groups' headings and what is unfolded between the rows, and leaves out what is folded", () => {
  const rows = [{ id: "1", g: "x" }, { id: "2", g: "y" }, { id: "3", g: "x" }];
  const inOrder = grouped(rows, (row) => row.g, ["x", "y"]);
  expect(inOrder.map((row) => row.id)).toEqual(["1", "3", "2"]);
  const items = itemsOf(inOrder, (row) => row.id, (row) => row.g, new Set(["y"]), new Set(["3"]));
  expect(items.map((item) => item.key)).toEqual(["group:x", "1", "3", "detail:3", "group:y"]);
  expect(items.flatMap((item) => (item.kind === "row" ? item.index : []))).toEqual([0, 1]);
  expect(grouped(rows, (row) => row.g, ["y"]).map((row) => row.id)).toEqual(["2", "1", "3"]);
  expect([...toggled(new Set([1]), 1)]).toEqual([]);
});

it("lets no row move under the hand", () => {
  expect(steadied([], ["a", "b"], false)).toEqual({ order: ["a", "b"], fresh: [] });
  expect(steadied(["a", "b"], ["n", "a", "b"], true)).toEqual({ order: ["a", "b"], fresh: ["n"] });
  expect(steadied(["a", "b"], ["n", "a", "b"], false)).toEqual({ order: ["n", "a", "b"], fresh: [] });
  expect(steadied(["a", "b"], ["b", "a"], false).order).toEqual(["a", "b"]);
  expect(steadied(["a", "b"], ["a", "b", "c"], true)).toEqual({ order: ["a", "b", "c"], fresh: [] });
  expect(steadied(["a", "b"], ["b"], true)).toEqual({ order: ["b"], fresh: [] });
  expect(steadied(["a"], ["x", "y"], true)).toEqual({ order: ["x", "y"], fresh: [] });
});

it("remembers which columns are shown and how wide they are", async () => {
  const all = computed(() => [{ key: "name", title: "Name", fixed: true }, { key: "last", title: "Last" }, { key: "id", title: "Id", optional: true }]);
  const columns = useColumns("t", all);
  const keys = (): string[] => useColumns("t", all).shown.value.map((one) => one.key);
  expect(keys()).toEqual(["name", "last"]);
  columns.toggle("id");
  columns.toggle("last");
  columns.toggle("name");
  columns.resize("id", 120);
  await nextTick();
  expect(keys()).toEqual(["name", "id"]);
  expect(useColumns("t", all).widths.value).toEqual({ id: 120 });
  columns.reset();
  await nextTick();
  expect(keys()).toEqual(["name", "last"]);
  localStorage.setItem("oneoff.columns.t", "{broken");
  expect(keys()).toEqual(["name", "last"]);
});

it("says what a filter lets through, and finds words without their tones", () => {
  const field: Field = { name: "s", label: "S", kind: "choice", choices: [{ value: "a", label: "Đang chạy" }, { value: "b", label: "Beta" }, { value: "c", label: "C" }] };
  expect([told(field, ""), told(field, "a"), told(field, "a,b")]).toEqual([null, "Đang chạy", "2/3"]);
  expect([chosenWith(field, "a", "b"), chosenWith(field, "a,b", "a"), chosenWith({ ...field, single: true }, "a", "b")]).toEqual(["a,b", "b", "b"]);
  expect(folded("Đang CHẠY")).toBe("dang chay");
  expect(matching(field.choices ?? [], "dang").map((one) => one.value)).toEqual(["a"]);
  expect(told({ name: "d", label: "D", kind: "number", unit: "s" }, "5")).toBe("5 s");
});

it("asks the server for what the address says", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");
  expect(jobFilter({}, now)).toEqual({});
  expect(jobFilter({ q: "x", status: "failed,paused", priority: "1,2", on: "off", resting: "1", due: "1h", made: "2030-01-01T00:00:00.000Z~" }, now)).toEqual({
    search: "x",
    status: ["failed", "paused"],
    priority: [1, 2],
    enabled: false,
    resting: true,
    time_from: "2030-01-01T00:00:00.000Z",
    time_to: "2030-01-01T01:00:00.000Z",
    created_from: "2030-01-01T00:00:00.000Z",
  });
  expect(executionFilter({})).toEqual({ include: "all" });
  expect(executionFilter({ status: "failed", longer: "1.5", date: "a~b" })).toEqual({ status: ["failed"], duration_from: 1500, date_from: "a", date_to: "b" });
});

it("knows the view that is shown by its filters alone", () => {
  expect([isShown({ status: "failed" }, { status: "failed" }), isShown({ status: "failed" }, { status: "failed", q: "x" }), isShown({}, {})]).toEqual([true, false, true]);
});

it("tells how far a bulk act is, and ends where the work does", () => {
  const step = (over: Partial<Step>): Step => ({ done: 0, refused: 0, skipped: 0, results: [], next_cursor: "c", created_before: "t", ...over });
  const first = after(begun("x", 10), step({ done: 2, refused: 1, results: [{ id: "1", name: "a", result: "done" }, { id: "2", name: "b", result: "refused" }] }), 2);
  expect([met(first), first.rate, first.state, first.total]).toEqual([3, 1.5, "going", 10]);
  expect([first.latest.map((one) => one.id), first.failures.map((one) => one.id)]).toEqual([["2", "1"], ["2"]]);
  const last = after(first, step({ done: 4, skipped: 1, next_cursor: null }), 4);
  expect([met(last), last.total, last.state]).toEqual([8, 8, "over"]);
});

it("stacks what ended in a half hour, and names the stretch that was brushed", () => {
  const none = { completed: 0, failed: 0, timeout: 0, dead_letter: 0, cancelled: 0 };
  const bars = barsOf([{ at: "2030-01-01T00:00:00.000Z", ...none, completed: 8, failed: 1 }, { at: "2030-01-01T00:30:00.000Z", ...none }], 1800, 50);
  expect(bars.map((bar) => [bar.total, bar.parts.map((part) => part.name)])).toEqual([[9, ["completed", "failed"]], [0, []]]);
  expect(bars[0]?.parts.every((part) => part.y >= 0 && part.height >= 2)).toBe(true);
  expect(stretch(bars, 1, 0)).toBe("2030-01-01T00:00:00.000Z~2030-01-01T01:00:00.000Z");
});
