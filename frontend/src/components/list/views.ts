import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

import { useKept } from "@/lib/kept";

type Query = Record<string, string>;

export interface View {
  key: string;
  label: string;
  query: Query;
  note?: string;
  /** Somebody's own, that can be forgotten. */
  isOwn?: boolean;
}

interface Saved {
  name: string;
  query: Query;
}

function areSaved(value: unknown): value is Saved[] {
  return Array.isArray(value) && value.every((one: Partial<Saved> | null) => typeof one?.name === "string" && typeof one.query === "object" && one.query !== null);
}

/** Whether a view is the one shown: its filters are those of the address, no more and no less. */
export function isShown(view: Query, address: Query): boolean {
  const names = new Set([...Object.keys(view), ...Object.keys(address)]);
  return [...names].every((name) => view[name] === address[name]);
}

/** The views of a list: those it brings, and those that somebody saved in this browser. */
export function useViews(list: string, names: readonly string[], brought: ComputedRef<View[]>): {
  views: ComputedRef<View[]>;
  current: ComputedRef<string>;
  canSave: ComputedRef<boolean>;
  go: (view: View) => void;
  save: (name: string) => void;
  forget: (view: View) => void;
} {
  const route = useRoute();
  const router = useRouter();
  const saved = useKept<Saved[]>(`views.${list}`, [], areSaved);
  const address = computed(() => {
    const found: Query = {};
    for (const name of names) {
      const value = route.query[name];
      if (typeof value === "string" && value) found[name] = value;
    }
    return found;
  });
  const views = computed(() => [...brought.value, ...saved.value.map((one) => ({ key: `own:${one.name}`, label: one.name, query: one.query, isOwn: true }))]);
  const current = computed(() => views.value.find((view) => isShown(view.query, address.value))?.key ?? "");
  return {
    views,
    current,
    canSave: computed(() => current.value === ""),
    go: (view) => {
      const cleared = Object.fromEntries(names.map((name) => [name, undefined]));
      void router.push({ query: { ...route.query, ...cleared, peek: undefined, ...view.query } });
    },
    save: (name) => (saved.value = [...saved.value.filter((one) => one.name !== name), { name, query: address.value }]),
    forget: (view) => (saved.value = saved.value.filter((one) => `own:${one.name}` !== view.key)),
  };
}
