import { describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter } from "vue-router";

import { fetchAhead, pagesAhead } from "@/shell/ahead";

const page = { template: "<p />" };
const load = (): Promise<typeof page> => Promise.resolve(page);

function withPages() {
  const loads = { jobs: vi.fn(load), executions: vi.fn(load), tags: vi.fn(load) };
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: "/", component: page },
      { path: "/jobs", component: loads.jobs, meta: { needs: ["job:read"] } },
      { path: "/executions", component: loads.executions, meta: { needs: ["execution:read"] } },
      { path: "/tags", component: loads.tags },
    ],
  });
  return { router, loads };
}

describe("pages that are fetched ahead", () => {
  it("are those that are often gone to and may be seen", () => {
    const { router } = withPages();
    expect(pagesAhead(router.getRoutes(), () => true)).toHaveLength(2);
    expect(pagesAhead(router.getRoutes(), (...needs) => needs.includes("job:read"))).toHaveLength(1);
  });

  it("come when the first page stands, one after another, though one of them fails", async () => {
    const { router, loads } = withPages();
    loads.jobs.mockRejectedValueOnce(new Error("offline"));
    vi.stubGlobal("requestIdleCallback", (done: () => void) => void done());
    const all = fetchAhead(router, () => true);
    expect(loads.jobs).not.toHaveBeenCalled();
    await router.push("/");
    await all;
    expect([loads.jobs, loads.executions, loads.tags].map((one) => one.mock.calls.length)).toEqual([1, 1, 0]);
    vi.unstubAllGlobals();
  });
});
