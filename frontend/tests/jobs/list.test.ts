import { flushPromises } from "@vue/test-utils";
import { expect, it, vi } from "vitest";
import { defineComponent } from "vue";

import { useJobsList } from "@/pages/jobs/useJobsList";

import { mounted } from "../pages/mounting";

it("asks for the jobs at once: what fails for a moment would be asked for again a second later", async () => {
  const asked = vi.fn(() => Promise.resolve(Response.json({ data: [{ id: "a" }], total: 1, limit: 50, offset: 0, next_cursor: null })));
  vi.stubGlobal("fetch", asked);
  const List = defineComponent({
    setup() {
      const { list } = useJobsList();
      return { rows: list.rows, error: list.error };
    },
    template: "<p>{{ rows.length }} {{ error }}</p>",
  });
  const page = mounted(List, {}, ["job:read"]);
  await vi.waitFor(() => expect(asked).toHaveBeenCalled());
  await flushPromises();
  await vi.waitFor(() => expect(page.text()).toContain("1"));
  vi.unstubAllGlobals();
});
