import { computed, type ComputedRef, type WritableComputedRef } from "vue";

import { api, body } from "@/api/client";
import type { Sort } from "@/components/DataList";
import { useQueryText, useQueryTexts } from "@/lib/queryState";
import { type List, useList } from "@/lib/useList";

import type { Job } from "./legal";

const HOUR = 3_600_000;
const FIRST = 50;
const REST = 250;
/** What narrows the list, as it stands in the address. */
export const NAMES = ["q", "status", "type", "project", "tag", "due", "result", "resting", "owner", "queue", "priority", "on", "next", "made"] as const;
export type FilterName = (typeof NAMES)[number];
export type Values = Partial<Record<FilterName, string>>;

export interface JobsList {
  list: List<Job>;
  sort: WritableComputedRef<Sort>;
  values: WritableComputedRef<Values>;
  set: (name: string, value: string) => void;
  isFiltered: ComputedRef<boolean>;
  clear: () => void;
  /** The same filters as the server takes them for a bulk act. */
  filter: () => Record<string, unknown>;
  signature: ComputedRef<string>;
}

const several = (text: string | undefined): string[] | undefined => (text ? text.split(",").filter(Boolean) : undefined);

/** The filters of the address as the server names them; moments that pass are told as they are now. */
export function filterOf(values: Values, now: number): Record<string, unknown> {
  const [nextFrom, nextTo] = (values.next ?? "").split("~");
  const [madeFrom, madeTo] = (values.made ?? "").split("~");
  const due = values.due ? { time_from: new Date(now).toISOString(), time_to: new Date(now + HOUR).toISOString() } : {};
  const found: Record<string, unknown> = {
    search: values.q,
    status: several(values.status),
    type: several(values.type),
    project_id: several(values.project),
    tag_id: several(values.tag),
    result: several(values.result),
    queue: several(values.queue),
    priority: several(values.priority)?.map(Number),
    created_by: values.owner,
    enabled: values.on ? values.on === "on" : undefined,
    resting: values.resting ? true : undefined,
    time_from: nextFrom,
    time_to: nextTo,
    created_from: madeFrom,
    created_to: madeTo,
    ...due,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ""));
}

/** The list of jobs, with its filters and its order in the address. */
export function useJobsList(): JobsList {
  const sortText = useQueryText("sort", "created_at:desc");
  const { values, clear } = useQueryTexts(...NAMES);
  const sort = computed<Sort>({
    get() {
      const [by = "created_at", order] = sortText.value.split(":");
      return { by, order: order === "asc" ? "asc" : "desc" };
    },
    set: (next) => (sortText.value = `${next.by}:${next.order}`),
  });
  const asked = computed(() => ({ values: values.value, sort_by: sort.value.by, sort_order: sort.value.order }));
  const signature = computed(() => JSON.stringify(asked.value));
  // A cursor belongs to its filters: those that hang on this moment are told once for all pages.
  const moments = new Map<string, number>();
  const list = useList<Job>("jobs", asked, (_, cursor) => {
    const key = signature.value;
    if (!cursor) moments.set(key, Date.now());
    const filter = filterOf(values.value, moments.get(key) ?? Date.now());
    const query = { ...filter, sort_by: sort.value.by, sort_order: sort.value.order, limit: cursor ? REST : FIRST, cursor };
    return body(api.GET("/api/jobs", { params: { query: query as never } }));
  });
  return {
    list,
    sort,
    values,
    set: (name, value) => (values.value = { ...values.value, [name]: value }),
    isFiltered: computed(() => Object.keys(values.value).length > 0),
    clear,
    filter: () => filterOf(values.value, Date.now()),
    signature,
  };
}
