import type { Component } from "vue";

import type { Schemas } from "@/api/client";
import { type Look, lookOf } from "@/lib/status";

export type Hit = Schemas["HitOut"];

/** A line of the palette: somewhere to go, or something to do. */
export interface Item {
  key: string;
  title: string;
  note?: string;
  look?: Look;
  icon?: Component;
  type?: string;
  caps?: readonly string[];
  /** Where it leads; what leads nowhere does something. */
  to?: string;
  act?: () => void;
  /** Why it can't be done at present. */
  obstacle?: string | null;
  hit?: Hit;
}

export interface Group {
  key: string;
  title: string;
  items: Item[];
}

/** What is looked for: everything, or only what a sign at the beginning says. */
export interface Wish {
  only: "commands" | "people" | "executions" | null;
  text: string;
}

/** `>` looks for commands, `@` for people, `#` for executions. */
export function wishOf(typed: string): Wish {
  const text = typed.trim();
  if (text.startsWith(">")) return { only: "commands", text: text.slice(1).trim() };
  if (text.startsWith("@")) return { only: "people", text: text.slice(1).trim() };
  if (text.startsWith("#")) return { only: "executions", text };
  return { only: null, text };
}

/** The address of what was found. */
export function pathOf(hit: Hit): string {
  switch (hit.kind) {
    case "job":
      return `/jobs/${hit.id}`;
    case "execution":
      return `/executions/${hit.id}`;
    case "chain":
      return `/chains/${hit.id}`;
    case "error":
      return `/dead-letters?group=${hit.id}`;
    default:
      return `/users?q=${encodeURIComponent(hit.title)}`;
  }
}

/** What was found, as a line; `note` says more of it. */
export function itemOf(hit: Hit, note = hit.subtitle): Item {
  const look = hit.status ? lookOf(hit.status, hit.reason) : undefined;
  return {
    key: `${hit.kind} ${hit.id}`,
    title: hit.title,
    ...(note ? { note } : {}),
    ...(look ? { look } : {}),
    ...(hit.type ? { type: hit.type } : {}),
    to: pathOf(hit),
    hit,
  };
}
