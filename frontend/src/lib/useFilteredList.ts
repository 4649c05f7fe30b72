import { computed, type ComputedRef, type WritableComputedRef } from "vue";

import type { Sort } from "@/components/DataList";

import { useQueryText, useQueryTexts } from "./queryState";
import { type List, type Page, useList } from "./useList";

const FIRST = 50;
const REST = 250;

type Query = Record<string, unknown>;

export interface FilteredList<T, Name extends string> {
  list: List<T>;
  sort: WritableComputedRef<Sort>;
  values: WritableComputedRef<Partial<Record<Name, string>>>;
  set: (name: string, value: string) => void;
  isFiltered: ComputedRef<boolean>;
  clear: () => void;
  /** The same filters as the server takes them for a bulk act. */
  filter: () => Query;
  signature: ComputedRef<string>;
}

export interface Wanted<T, Name extends string> {
  /** Begins the key of its queries. */
  key: string;
  /** What narrows the list, as it stands in the address. */
  names: readonly Name[];
  sortBy: string;
  /** The filters of the address as the server names them; moments that pass are told as of `now`. */
  filterOf: (values: Partial<Record<Name, string>>, now: number) => Query;
  ask: (query: Query) => Promise<Page<T>>;
}

/** Several values of one filter. */
export const several = (text: string | undefined): string[] | undefined => (text ? text.split(",").filter(Boolean) : undefined);

/** Filters without those that are not set. */
export function given(filters: Query): Query {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== ""));
}

/** A list with its filters and its order in the address. */
export function useFilteredList<T, Name extends string>(wanted: Wanted<T, Name>): FilteredList<T, Name> {
  const sortText = useQueryText("sort", `${wanted.sortBy}:desc`);
  const { values, clear } = useQueryTexts(...wanted.names);
  const sort = computed<Sort>({
    get() {
      const [by = wanted.sortBy, order] = sortText.value.split(":");
      return { by, order: order === "asc" ? "asc" : "desc" };
    },
    set: (next) => (sortText.value = `${next.by}:${next.order}`),
  });
  const asked = computed(() => ({ values: values.value, sort_by: sort.value.by, sort_order: sort.value.order }));
  const signature = computed(() => JSON.stringify(asked.value));
  // A cursor belongs to its filters: those that hang on this moment are told once for all pages.
  const moments = new Map<string, number>();
  const list = useList<T>(wanted.key, asked, (_, cursor) => {
    const key = signature.value;
    if (!cursor) moments.set(key, Date.now());
    const filter = wanted.filterOf(values.value, moments.get(key) ?? Date.now());
    return wanted.ask({ ...filter, sort_by: sort.value.by, sort_order: sort.value.order, limit: cursor ? REST : FIRST, cursor });
  });
  return {
    list,
    sort,
    values,
    set: (name, value) => (values.value = { ...values.value, [name]: value }),
    isFiltered: computed(() => Object.keys(values.value).length > 0),
    clear,
    filter: () => wanted.filterOf(values.value, Date.now()),
    signature,
  };
}
