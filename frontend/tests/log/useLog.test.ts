import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { effectScope, type EffectScope, nextTick, ref } from "vue";

import { api } from "@/api/client";
import { type Line, useLog } from "@/components/log/useLog";

class FakeSocket {
  static all: FakeSocket[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
  isClosed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  close(): void {
    this.isClosed = true;
  }
  /** Lines from one number to another. */
  log(from: number, to: number): void {
    this.say({ type: "log", number: from, stream: "stdout", time: "2026-01-01T00:00:00Z", lines: texts(from, to) });
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const texts = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}`);
const numbers = (from: number, to: number): number[] => texts(from, to).map((_, at) => from + at);
const socket = (): FakeSocket => FakeSocket.all.at(-1) as FakeSocket;

/** The rows of the server: lines 1 to so many. */
let written = 0;
let isDown = false;
let scope: EffectScope;
let log: ReturnType<typeof useLog>;
const running = ref(true);
const shown = (): number[] => log.lines.value.map((line) => line.number);

async function settle(ms = 100): Promise<void> {
  await nextTick();
  await vi.advanceTimersByTimeAsync(ms);
}

beforeEach(() => {
  vi.useFakeTimers();
  [FakeSocket.all, written, isDown, running.value] = [[], 0, false, true];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.spyOn(api, "GET").mockImplementation(((_: string, options: { params: { query: { after: number; limit: number } } }) => {
    if (isDown) return Promise.reject(new Error("away"));
    const { after, limit } = options.params.query;
    const data: Line[] = numbers(after + 1, Math.min(written, after + limit)).map((number) => ({ number, stream: "stdout", time: "", text: `line ${number}` }));
    return Promise.resolve({ data: { data } });
  }) as never);
  scope = effectScope();
  log = scope.run(() => useLog(() => "e", () => running.value)) as ReturnType<typeof useLog>;
});

afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("shows the lines that come, from the first on", async () => {
  expect(socket().url).toMatch(/^ws:.*\/api\/executions\/e\/logs\/live\?after=0$/);
  socket().log(1, 3);
  socket().log(4, 4);
  await settle();
  expect(log.lines.value.map((line) => line.text)).toEqual(texts(1, 4));
  expect(log.bytes.value).toBe(4 * "line 1\n".length);
});

it("goes on behind the last line when the socket was broken: none is lost, none comes twice", async () => {
  socket().onopen?.();
  socket().log(1, 10);
  written = 12;
  socket().onclose?.({ code: 1006 });
  await settle();
  expect(shown()).toEqual(numbers(1, 12));
  written = 15;
  await settle(1_500);
  expect(FakeSocket.all).toHaveLength(2);
  expect(socket().url).toContain("after=12");
  socket().onopen?.();
  socket().log(11, 20);
  await settle();
  expect(shown()).toEqual(numbers(1, 20));
});

it("asks every second while there is no room for its socket, and knocks again later", async () => {
  socket().onclose?.({ code: 4429 });
  for (written = 1; written < 20; written += 1) await settle(1_000);
  expect(shown()).toEqual(numbers(1, 19));
  expect(FakeSocket.all).toHaveLength(1);
  await settle(20_000);
  expect(FakeSocket.all).toHaveLength(2);
});

it("goes on when the server was away as well", async () => {
  socket().onopen?.();
  socket().log(1, 2);
  isDown = true;
  socket().onclose?.({ code: 1006 });
  await settle();
  expect(log.error.value).toBeInstanceOf(Error);
  socket().onclose?.({ code: 1006 });
  [isDown, written] = [false, 4];
  await settle(8_000);
  expect(shown()).toEqual(numbers(1, 4));
  expect(log.error.value).toBeNull();
});

it("marks what was left out for a slow reader, and asks for it in the end", async () => {
  socket().log(1, 2);
  socket().say({ type: "gap", from: 3, to: 8 });
  socket().log(9, 10);
  await settle();
  expect(shown()).toEqual([1, 2, 3, 9, 10]);
  expect(log.lines.value[2]?.stream).toBe("system");
  written = 10;
  socket().say({ type: "end" });
  socket().onclose?.({ code: 1000 });
  await settle();
  expect(shown()).toEqual(numbers(1, 10));
  expect(log.bytes.value).toBe(9 * 7 + 8);
});

it("asks for what has ended, page by page, and opens no socket", async () => {
  scope.stop();
  [FakeSocket.all, written, running.value] = [[], 25_000, false];
  scope = effectScope();
  log = scope.run(() => useLog(() => "e", () => running.value)) as ReturnType<typeof useLog>;
  await settle();
  expect(shown()).toHaveLength(25_000);
  expect(FakeSocket.all).toHaveLength(0);
});

it("closes the socket when the execution ends, and asks for the last lines", async () => {
  socket().log(1, 5);
  [written, running.value] = [7, false];
  await settle();
  expect(socket().isClosed).toBe(true);
  expect(shown()).toEqual(numbers(1, 7));
});

it("passes figures on", async () => {
  socket().say({ type: "metric", cpu_percent: 3 });
  await settle();
  expect(log.metric.value).toMatchObject({ cpu_percent: 3 });
});
