import { mount } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";

import en from "@/i18n/en";
import { capsOf, type KeyName, KEYS, useKeys } from "@/lib/keys";
import { useAppearance } from "@/stores/appearance";
import { subjectOfPath, subjectOfRow } from "@/stores/palette";

const ID = "0123456789abcdef0123456789abcdef";

function press(key: string, on: EventTarget = document.body, more: KeyboardEventInit = {}): void {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

describe("keys", () => {
  beforeEach(() => {
    vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
    setActivePinia(createPinia());
    document.body.innerHTML = "";
  });

  function listening(...names: KeyName[]): string[] {
    const heard: string[] = [];
    const handlers = Object.fromEntries(names.map((name) => [name, () => heard.push(name)]));
    mount(defineComponent({ setup: () => (useKeys(handlers), () => h("div")) }));
    return heard;
  }

  it("are heard, but not while somebody types", () => {
    const heard = listening("help", "run", "palette");
    press("?");
    press("r");
    document.body.innerHTML = "<input><div role='dialog'><button>x</button></div><input type='checkbox'>";
    press("r", document.querySelector("input") as Element);
    press("r", document.querySelector("button") as Element);
    expect(heard).toEqual(["help", "run"]);
    press("r", document.querySelector("[type=checkbox]") as Element);
    press("K", document.querySelector("input") as Element, { ctrlKey: true });
    press("r", document.body, { ctrlKey: true });
    expect(heard).toEqual(["help", "run", "run", "palette"]);
  });

  it("of one letter can be switched off, the others work on", () => {
    const heard = listening("help", "run", "palette", "close");
    useAppearance().letterKeys = false;
    press("?");
    press("r");
    press("k", document.body, { metaKey: true });
    press("Escape");
    expect(heard).toEqual(["palette", "close"]);
  });

  it("are all named on the help sheet, and no two of a place are alike", () => {
    expect(Object.keys(en.shortcuts.names).sort()).toEqual(Object.keys(KEYS).sort());
    const names = Object.keys(KEYS) as KeyName[];
    const seen = names.map((name) => `${KEYS[name].group} ${capsOf(name).join(" ")}`);
    expect(new Set(seen).size).toBe(names.length);
    expect(capsOf("notices")).toEqual(["Shift", "N"]);
  });
});

describe("what a key acts on", () => {
  it("is what the address names", () => {
    expect(subjectOfPath(`/jobs/${ID}/executions`)).toEqual({ kind: "job", id: ID });
    expect(subjectOfPath(`/executions/${ID}`)).toEqual({ kind: "execution", id: ID });
    expect(subjectOfPath("/jobs/new")).toBeNull();
    expect(subjectOfPath(`/jobs/${ID}x`)).toBeNull();
  });

  it("is before that the row with the focus", () => {
    document.body.innerHTML = `<main><table><tr tabindex="0"><td><a href="/projects">p</a><a href="/executions/${ID}">#1</a></td></tr></table></main>`;
    expect(subjectOfRow(document.querySelector("tr"))).toEqual({ kind: "execution", id: ID });
    expect(subjectOfRow(document.body)).toBeNull();
  });
});
