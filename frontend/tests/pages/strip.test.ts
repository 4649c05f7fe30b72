import { flushPromises } from "@vue/test-utils";
import { expect, it, vi } from "vitest";

import RunHistory from "@/pages/jobs/detail/RunHistory.vue";

import { mounted } from "./mounting";

const runs = [1, 2, 3].map((number) => ({
  id: `r${String(number)}`,
  number,
  status: "completed",
  started_at: `2030-01-0${String(number)}T00:00:00.500Z`,
  due_at: `2030-01-0${String(number)}T00:00:00.000Z`,
  duration_ms: 10,
}));

async function strip(): Promise<{ keys: (...names: string[]) => Promise<void>; drag: (from: number, to: number) => Promise<void>; address: () => string; said: () => string }> {
  vi.stubGlobal("ResizeObserver", class { observe(): void {} disconnect(): void {} });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ data: [...runs].reverse(), total: 3 }), { headers: { "Content-Type": "application/json" } })));
  const wrapper = mounted(RunHistory, { job: { id: "j", name: "job" } }, ["execution:read"]);
  await flushPromises();
  await vi.waitFor(() => expect(wrapper.find(".bars svg").exists()).toBe(true));
  const bars = wrapper.find(".bars");
  const router = (wrapper.vm as unknown as { $router: { currentRoute: { value: { fullPath: string } } } }).$router;
  return {
    async keys(...names) {
      for (const name of names) await bars.trigger("keydown", { key: name.replace("Shift+", ""), shiftKey: name.startsWith("Shift+") });
      await flushPromises();
    },
    async drag(from, to) {
      // A bar is ten wide where nothing is measured.
      await bars.trigger("mousedown", { clientX: from * 10 + 5, button: 0 });
      await bars.trigger("mousemove", { clientX: to * 10 + 5 });
      await bars.trigger("mouseup", { clientX: to * 10 + 5, button: 0 });
      await flushPromises();
    },
    address: () => decodeURIComponent(router.currentRoute.value.fullPath),
    said: () => wrapper.find(".reader").text(),
  };
}
const RANGE = "/executions?job=j&date=2030-01-02T00:00:00.000Z~2030-01-03T00:00:01.000Z";

it("opens the list of what was dragged over, in either direction", async () => {
  const one = await strip();
  await one.drag(1, 2);
  expect(one.address()).toBe(RANGE);
  const other = await strip();
  await other.drag(2, 1);
  expect(other.address()).toBe(RANGE);
});

it("does the same by keys, and opens one execution by one click", async () => {
  const keys = await strip();
  await keys.keys("ArrowLeft", "Shift+ArrowLeft");
  expect(keys.said()).toMatch(/^2 that started/);
  await keys.keys("Enter");
  expect(keys.address()).toBe(RANGE);
  const click = await strip();
  await click.drag(1, 1);
  expect(click.address()).toBe("/executions/r2");
});
