import { flushPromises } from "@vue/test-utils";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick } from "vue";

import { itemOf, pathOf, wishOf } from "@/shell/palette/items";
import PalettePanel from "@/shell/palette/PalettePanel.vue";
import { recent, remember } from "@/shell/palette/recent";
import { usePalette } from "@/stores/palette";

import { mounted } from "../pages/mounting";

const JOB = { kind: "job", id: "a".repeat(32), title: "vacuum-analytics", subtitle: "Data", status: "scheduled", type: "shell" } as const;
const RUN = { kind: "execution", id: "b".repeat(32), title: "vacuum-analytics #412", status: "failed" } as const;

describe("what is looked for", () => {
  it("is told by the sign at the beginning", () => {
    expect(wishOf(" > dark")).toEqual({ only: "commands", text: "dark" });
    expect(wishOf("@linh")).toEqual({ only: "people", text: "linh" });
    expect(wishOf("#412")).toEqual({ only: "executions", text: "#412" });
    expect(wishOf("vac ")).toEqual({ only: null, text: "vac" });
  });

  it("leads to its page", () => {
    expect(pathOf(JOB)).toBe(`/jobs/${JOB.id}`);
    expect(pathOf({ kind: "error", id: "f", title: "x" })).toBe("/dead-letters?group=f");
    expect(pathOf({ kind: "person", id: "p", title: "a&b" })).toBe("/users?q=a%26b");
    expect(itemOf(RUN)).toMatchObject({ look: "failed", to: `/executions/${RUN.id}` });
  });

  it("is remembered, the newest first, without how it stood", () => {
    localStorage.clear();
    remember(JOB);
    remember(RUN);
    remember(JOB);
    expect(recent()).toEqual([{ kind: "job", id: JOB.id, title: JOB.title, subtitle: "Data", type: "shell" }, { kind: "execution", id: RUN.id, title: RUN.title }]);
    localStorage.setItem("oneoff.recent", "{nonsense");
    expect(recent()).toEqual([]);
  });
});

describe("the palette", { timeout: 30_000 }, () => {
  beforeEach(() => {
    localStorage.clear();
    document.body.innerHTML = "";
    Element.prototype.scrollIntoView = () => undefined;
    vi.stubGlobal("fetch", (request: Request) => {
      const { pathname } = new URL(request.url);
      const data = pathname.endsWith("/names") ? { jobs: [JOB, { ...JOB, id: "c".repeat(32), title: "Đồng bộ kho" }], is_complete: true } : pathname === "/api/search" ? [JOB, RUN] : { ...JOB, name: JOB.title };
      return Promise.resolve(new Response(JSON.stringify({ data }), { status: 200, headers: { "Content-Type": "application/json" } }));
    });
  });

  async function opened(): Promise<HTMLInputElement> {
    mounted(PalettePanel, {}, ["job:read", "execution:read", "dashboard:user"]);
    usePalette().show();
    await flushPromises();
    return document.querySelector("[role=combobox]") as HTMLInputElement;
  }
  async function type(field: HTMLInputElement, text: string): Promise<string[]> {
    field.value = text;
    field.dispatchEvent(new Event("input"));
    await vi.waitFor(async () => {
      await flushPromises();
      if (document.querySelector("[role=listbox]")?.getAttribute("aria-busy") === "true") throw new Error("still looking");
    }, 20_000);
    return [...document.querySelectorAll("[role=option] .name")].map((one) => one.textContent);
  }

  it("finds jobs without their tones, and each thing once", async () => {
    const field = await opened();
    expect((await type(field, "dong bo"))[0]).toBe("Đồng bộ kho");
    const lines = await type(field, "vacuum");
    expect(lines.filter((line) => line === "vacuum-analytics")).toHaveLength(1);
    expect(lines).toContain("vacuum-analytics #412");
  });

  it("is walked by arrows, and tells where one is", async () => {
    const field = await opened();
    await type(field, ">");
    expect(field.getAttribute("aria-activedescendant")).toBe("palette-0");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    await nextTick();
    expect(field.getAttribute("aria-activedescendant")).toBe("palette-1");
    expect(document.querySelector("#palette-1")?.getAttribute("aria-selected")).toBe("true");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
    await nextTick();
    expect(document.querySelector("[aria-selected=true]")).toBe([...document.querySelectorAll("[role=option]")].at(-1));
  });

  it("is cleared by Escape, then closed", async () => {
    const field = await opened();
    await type(field, "vac");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(usePalette().isOpen).toBe(true);
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(usePalette().isOpen).toBe(false);
  });
});
