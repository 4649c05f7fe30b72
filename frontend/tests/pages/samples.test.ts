import { useQueryClient } from "@tanstack/vue-query";
import { flushPromises } from "@vue/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h, nextTick, ref, shallowRef } from "vue";

import { api } from "@/api/client";
import LogViewer from "@/components/log/LogViewer.vue";
import { nearest } from "@/components/log/place";
import type { Metric } from "@/components/log/useLog";
import { type Sample, useSamples } from "@/pages/executions/useSamples";

import { mounted } from "./mounting";

const scrolled = vi.hoisted((): number[] => []);
/** Nothing has a size here: all lines are in view. */
vi.mock("@tanstack/vue-virtual", async () => {
  const { computed } = await import("vue");
  const items = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ index, key: index, start: 24 * index }));
  return {
    useVirtualizer: (options: { value: { count: number } }) =>
      computed(() => ({
        getTotalSize: () => 24 * options.value.count,
        getVirtualItems: () => items(options.value.count),
        scrollToIndex: (index: number) => scrolled.push(index),
      })),
  };
});

const second = (number: number): string => `2026-11-25T10:00:${String(number).padStart(2, "0")}.000Z`;
const sample = (number: number): Sample => ({ timestamp: second(number), cpu_percent: number, memory_bytes: 1e6, memory_percent: null });
const told = (number: number): Metric => ({ type: "metric", ...sample(number) });

describe("the samples of an execution", () => {
  const metric = shallowRef<Metric | null>(null);
  const running = ref(true);
  let rows: Sample[] = [];
  let status = "running";
  let found: ReturnType<typeof useSamples>;
  let client: ReturnType<typeof useQueryClient>;
  const asked = vi.fn();
  const shown = (): number[] => found.samples.value.map((one) => one.cpu_percent);
  const isPolled = (): unknown => client.getQueryCache().find({ queryKey: ["execution-metrics", "e"] })?.meta?.live;

  async function begin(): Promise<void> {
    const Page = defineComponent({
      setup() {
        client = useQueryClient();
        found = useSamples(() => "e", () => running.value, () => metric.value);
        return () => null;
      },
    });
    mounted(Page, {}, []);
    await flushPromises();
  }

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    [metric.value, running.value, rows, status] = [null, true, [sample(1), sample(3)], "running"];
    asked.mockReset();
    vi.spyOn(api, "GET").mockImplementation((() => {
      asked();
      return Promise.resolve({ data: { data: [...rows], status, usage: {} } });
    }) as never);
  });
  afterEach(() => vi.useRealTimers());

  it("are those that are stored, and behind them what is told, each once", async () => {
    metric.value = told(3);
    await begin();
    expect(shown()).toEqual([1, 3]);
    metric.value = told(5);
    metric.value = told(7);
    metric.value = told(5);
    expect(shown()).toEqual([1, 3, 5, 7]);
    expect(asked).toHaveBeenCalledTimes(1);
    rows = [sample(1), sample(3), sample(5)];
    found.refetch();
    await flushPromises();
    expect(shown()).toEqual([1, 3, 5, 7]);
  });

  it("are asked for again and again only while nothing is told", async () => {
    await begin();
    expect(isPolled()).toBe(true);
    metric.value = told(5);
    await nextTick();
    expect(isPolled()).toBe(false);
    vi.advanceTimersByTime(5_000);
    await nextTick();
    expect(isPolled()).toBe(false);
    vi.advanceTimersByTime(5_000);
    await nextTick();
    expect(isPolled()).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
    metric.value = told(15);
    await flushPromises();
    expect(asked).toHaveBeenCalledTimes(2);
    expect(isPolled()).toBe(false);
  });

  it("are asked for once more when it has ended", async () => {
    await begin();
    metric.value = told(5);
    [rows, status, running.value] = [[sample(1), sample(3), sample(5), sample(6)], "completed", false];
    await flushPromises();
    expect(shown()).toEqual([1, 3, 5, 6]);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});

describe("the line of a moment", () => {
  const lines = [1, 1, 4, 8].map((number) => ({ time: second(number) }));

  it("is the nearest one", () => {
    const places = [0, 2, 3, 5, 7, 30].map((number) => nearest(lines, second(number)));
    expect(places).toEqual([0, 1, 2, 2, 3, 3]);
    expect(nearest([], second(1))).toBe(-1);
  });
});

it("marks the line that was printed when the chart is pointed at, and follows the end again", async () => {
  const sockets: { onmessage?: (event: { data: string }) => void; close: () => void }[] = [];
  class Socket {
    close = (): void => undefined;
    constructor() {
      sockets.push(this as never);
    }
  }
  vi.stubGlobal("WebSocket", Socket);
  const pointed = ref<string | null>(null);
  const heard: Metric[] = [];
  const Page = (): unknown => h(LogViewer, { executionId: "e", running: true, name: "n", pointed: pointed.value, onMetric: (metric: Metric) => heard.push(metric) });
  const page = mounted(Page as never, {}, []);
  const say = (message: unknown): void => sockets[0]?.onmessage?.({ data: JSON.stringify(message) });
  for (const number of [1, 2, 3]) say({ type: "log", number, stream: "stdout", time: second(4 * number), lines: [`line ${number}`] });
  say(told(5));
  await vi.waitFor(() => expect(page.findAll(".line")).toHaveLength(3));
  expect(heard).toEqual([told(5)]);
  const follow = (): string | undefined => page.findAll("button").find((one) => one.text().includes("Follow"))?.attributes("aria-pressed");
  expect([page.findAll(".pointed").length, follow()]).toEqual([0, "true"]);
  pointed.value = second(7);
  await flushPromises();
  expect(page.findAll(".pointed").map((line) => line.text())).toEqual([expect.stringContaining("line 2")]);
  expect([follow(), scrolled.at(-1)]).toEqual(["false", 1]);
  pointed.value = null;
  await flushPromises();
  expect([page.findAll(".pointed").length, follow()]).toEqual([0, "true"]);
  expect(scrolled.at(-1)).toBe(2);
  vi.unstubAllGlobals();
});
