import { expect, it, vi } from "vitest";

import { type Bulk, useBulk } from "@/components/bulk/useBulk";

import { mounted } from "./mounting";

const step = (cursor: string | null): Response =>
  new Response(JSON.stringify({ data: { done: 1, refused: 0, skipped: 0, results: [{ id: "a", name: "a", result: "done" }], next_cursor: cursor, created_before: "2030-01-01T00:00:00.000Z" } }), { headers: { "Content-Type": "application/json" } });

/** Acts with a server that answers so; the keys of what was sent, and what came of it. */
async function acted(...answers: (Response | "lost")[]): Promise<{ keys: (string | null)[]; state: string | undefined; faults: unknown[] }> {
  const keys: (string | null)[] = [];
  const faults: unknown[] = [];
  let bulk: Bulk | undefined;
  mounted({ setup: () => ((bulk = useBulk((fault) => faults.push(fault))), () => null) }, {}, []);
  vi.stubGlobal("fetch", (request: Request) => {
    if (!request.url.includes("/bulk/")) return Promise.resolve(new Response("{}"));
    keys.push(request.headers.get("Idempotency-Key"));
    const answer = answers.shift();
    return answer && answer !== "lost" ? Promise.resolve(answer) : Promise.reject(new TypeError("lost"));
  });
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    const going = bulk?.start({ path: "/api/jobs/bulk/run", filter: {} }, "Run", { matched: 2 });
    await vi.advanceTimersByTimeAsync(10_000);
    return { keys, faults, state: (await going)?.state };
  } finally {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  }
}

it("sends a call whose answer got lost again with its key, and the next one with another", async () => {
  const { keys, state, faults } = await acted("lost", step("next"), step(null));
  expect([state, faults]).toEqual(["over", []]);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[2]).not.toBe(keys[0]);
});

it("gives up after three times, and does not send again what was refused", async () => {
  expect(await acted("lost", "lost", "lost", step(null))).toMatchObject({ state: "failed", keys: { length: 3 } });
  const refusal = new Response(JSON.stringify({ error: "no", code: "X" }), { status: 409, headers: { "Content-Type": "application/json" } });
  expect(await acted(refusal, step(null))).toMatchObject({ state: "failed", keys: { length: 1 } });
});
