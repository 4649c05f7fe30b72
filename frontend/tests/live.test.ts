import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { mount } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";

import { ApiError } from "@/api/errors";
import { backoff } from "@/lib/backoff";
import { concerns, isTold } from "@/lib/concerns";
import { useLive } from "@/stores/live";
import { useSession } from "@/stores/session";

class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  isClosed = false;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close(): void {
    this.isClosed = true;
  }
  tell(name: string, data?: unknown): void {
    this.dispatchEvent(data === undefined ? new Event(name) : new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

const source = (): FakeSource => FakeSource.all.at(-1) as FakeSource;
const asked = vi.fn<(name: string) => void>();
let client: QueryClient;
let live: ReturnType<typeof useLive>;
let isHidden = false;

/** Something that is shown and kept true. */
function show(...key: string[]): void {
  const queryFn = (): number => {
    asked(key.join(" "));
    return 1;
  };
  client.getQueryCache().build(client, client.defaultQueryOptions({ queryKey: key, queryFn, meta: { live: true } }));
}

/** What was asked for again since the last look. */
function again(): string[] {
  const found = asked.mock.calls.map(([name]) => name).sort();
  asked.mockClear();
  return found;
}

function hide(value: boolean): void {
  isHidden = value;
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  isHidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  FakeSource.all = [];
  vi.stubGlobal("EventSource", FakeSource);
  client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  // Nothing is mounted here: all that is there counts as shown.
  vi.spyOn(client, "invalidateQueries").mockImplementation((filters) => {
    const { predicate: wanted } = filters as { predicate: (query: unknown) => boolean };
    for (const query of client.getQueryCache().getAll()) if (wanted(query)) void query.fetch();
    return Promise.resolve();
  });
  const pinia = createPinia();
  setActivePinia(pinia);
  const holder = defineComponent({
    setup() {
      useSession().me = { actor: "user:ann", username: "ann", roles: [], permissions: [], auth_enabled: true };
      live = useLive();
      return () => h("i");
    },
  });
  mount(holder, { global: { plugins: [pinia, [VueQueryPlugin, { queryClient: client }]] } });
  show("execution", "e1");
  show("execution", "e2");
  show("executions", "all");
  show("users", "all");
  asked.mockClear();
});

afterEach(() => {
  live.$dispose();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("asks for everything when it begins to listen: nobody told what happened before", async () => {
  source().tell("open");
  await vi.advanceTimersByTimeAsync(300);
  expect(again()).toEqual(["execution e1", "execution e2", "executions all", "users all"]);
  expect(live.mark).toBe("live");
});

it("asks again for what a change concerns, and once for many changes", async () => {
  source().tell("open");
  await vi.advanceTimersByTimeAsync(300);
  again();
  for (let count = 0; count < 50; count += 1) source().tell("job-update", { job_id: "j", execution_id: "e1" });
  await vi.advanceTimersByTimeAsync(300);
  expect(again()).toEqual(["execution e1"]);
  await vi.advanceTimersByTimeAsync(500);
  expect(again()).toEqual(["executions all"]);
});

it("asks for all of it at a gap", async () => {
  source().tell("open");
  await vi.advanceTimersByTimeAsync(300);
  again();
  source().tell("gap");
  await vi.advanceTimersByTimeAsync(300);
  expect(again()).toHaveLength(4);
});

it("asks every five seconds while it is not told, and tries again later and later", async () => {
  source().tell("error");
  expect(live.mark).toBe("polling");
  expect(source().isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(300);
  again();
  await vi.advanceTimersByTimeAsync(4_800);
  expect(again()).toHaveLength(4);
  for (let count = 0; count < 10; count += 1) {
    const before = FakeSource.all.length;
    source().tell("error");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(FakeSource.all.length).toBe(before + 1);
  }
  source().tell("error");
  expect(live.retryAt).toBeGreaterThan(Date.now() + 14_000);
  await vi.advanceTimersByTimeAsync(30_000);
  source().tell("open");
  expect(live.mark).toBe("live");
});

it("says that nobody answers, and since when", async () => {
  source().tell("error");
  const query = client.getQueryCache().build(client, client.defaultQueryOptions({ queryKey: ["x"], queryFn: () => Promise.reject(new ApiError(0, "OFFLINE", "")), retry: false }));
  await query.fetch().catch(() => undefined);
  expect(live.mark).toBe("offline");
  await vi.advanceTimersByTimeAsync(300);
  expect(live.mark).toBe("polling");
});

it("rests while the page is hidden, and catches up", async () => {
  source().tell("open");
  await vi.advanceTimersByTimeAsync(300);
  again();
  hide(true);
  expect(live.mark).toBe("paused");
  expect(source().isClosed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(again()).toEqual([]);
  expect(FakeSource.all).toHaveLength(1);
  hide(false);
  await vi.advanceTimersByTimeAsync(300);
  expect(again()).toHaveLength(4);
  expect(FakeSource.all).toHaveLength(2);
});

it("asks time and again for what is not told, and for all once a minute", async () => {
  source().tell("open");
  await vi.advanceTimersByTimeAsync(300);
  again();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(again()).toEqual(["users all"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(again()).toContain("execution e1");
});

it("knows what concerns what", () => {
  const changes = { jobs: new Set(["j"]), executions: new Set(["e"]) };
  expect(concerns(["job", "j"], changes)).toBe(true);
  expect(concerns(["job-runs", "k", {}], changes)).toBe(false);
  expect(concerns(["execution", "e"], changes)).toBe(true);
  expect(concerns(["why", "f", "queued"], changes)).toBe(false);
  expect(concerns(["stats", "troubles"], changes)).toBe(true);
  expect(concerns(["users", "all"], changes)).toBe(false);
  expect([isTold(["jobs"]), isTold(["workers"])]).toEqual([true, false]);
});

it("waits between one and thirty seconds", () => {
  for (let failures = 0; failures < 50; failures += 1) {
    expect(backoff(failures)).toBeGreaterThanOrEqual(1_000);
    expect(backoff(failures)).toBeLessThanOrEqual(30_000);
  }
});
