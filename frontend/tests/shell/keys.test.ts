import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { enableAutoUnmount, mount } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defineComponent, h } from "vue";

import en from "@/i18n/en";
import { type Acts, capsOf, type KeyName, KEYS, useKeys, useSecondLetter, waysOf } from "@/lib/keys";
import { useAppearance } from "@/stores/appearance";
import { subjectOfPath, subjectOfRow } from "@/stores/palette";

const ID = "0123456789abcdef0123456789abcdef";

function press(key: string, on: EventTarget = document.body, more: KeyboardEventInit = {}): void {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

enableAutoUnmount(afterEach);

function listenTo(setUp: () => void): void {
  mount(defineComponent({ setup: () => (setUp(), () => h("div")) }));
}

describe("keys", () => {
  beforeEach(() => {
    vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
    localStorage.clear();
    setActivePinia(createPinia());
    document.body.innerHTML = "";
  });

  function listening(...names: KeyName[]): string[] {
    const heard: string[] = [];
    const handlers = Object.fromEntries(names.map((name) => [name, () => heard.push(name)]));
    listenTo(() => useKeys(handlers));
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
    expect(waysOf("down")).toEqual(["J", "↓"]);
    expect(waysOf("view")).toEqual(["1…9"]);
    expect(waysOf("select")).toEqual(["X"]);
  });

  it("are heard once: what takes one leaves nothing to others, and may decline", () => {
    const heard: string[] = [];
    const use = (acts: Acts, where = {}): void => listenTo(() => useKeys(acts, where));
    use({ rail: () => heard.push("rail"), filter: () => heard.push("filter") });
    use({ errorBefore: () => heard.push("log"), follow: () => false }, { first: true });
    press("[");
    press("f");
    expect(heard).toEqual(["log", "filter"]);
  });

  it("of a row of digits tell which one it was, and the space bar is no letter", () => {
    const heard: string[] = [];
    listenTo(() => useKeys({ view: (event) => heard.push(event.key), peek: () => heard.push("peek") }));
    for (const key of ["0", "1", "9", "F1", " "]) press(key);
    useAppearance().letterKeys = false;
    for (const key of ["2", " "]) press(key);
    expect(heard).toEqual(["1", "9", "peek", "peek"]);
  });

  it("of the kind that would harm a text rest in fields, even with Ctrl", () => {
    const heard = listening("selectAll", "save");
    document.body.innerHTML = "<input>";
    for (const key of ["a", "s"]) press(key, document.querySelector("input") as Element, { ctrlKey: true });
    expect(heard).toEqual(["save"]);
  });

  it("may follow another, and are then heard by nobody else", () => {
    const went: string[] = [];
    const known = (letter: string): boolean => letter === "j" && went.push(letter) > 0;
    listenTo(() => useSecondLetter("go", 1000, known));
    const heard = listening("down");
    for (const key of ["j", "g", "j", "j"]) press(key);
    expect(went).toEqual(["j"]);
    expect(heard).toEqual(["down", "down"]);
  });

  it("are listened for in one place alone", () => {
    const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.(ts|vue)$/.test(name));
    const listening = files.filter((name) => /addEventListener\(\s*"key/.test(readFileSync(join("src", name), "utf8")));
    expect(files.length).toBeGreaterThan(100);
    expect(listening).toEqual(["lib/keys.ts"]);
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
