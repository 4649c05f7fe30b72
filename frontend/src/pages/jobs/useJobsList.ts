import { computed, type ComputedRef, type WritableComputedRef } from "vue";

import { api, body } from "@/api/client";
import type { Sort } from "@/components/DataList";
import { useQueryText, useQueryTexts } from "@/lib/queryState";
import { type List, useList } from "@/lib/useList";

import type { Job } from "./legal";

const HOUR = 3_600_000;
const NAMES = ["q", "status", "type", "project", "tag", "due"] as const;
export type FilterName = (typeof NAMES)[number];

export interface JobsList {
  list: List<Job>;
  sort: WritableComputedRef<Sort>;
  filter: Record<FilterName, WritableComputedRef<string>>;
  isFiltered: ComputedRef<boolean>;
  clear: () => void;
}

/** The list of jobs, with its filters and its order in the address. */
export function useJobsList(): JobsList {
  const filter = Object.fromEntries(NAMES.map((name) => [name, useQueryText(name)])) as JobsList["filter"];
  const sortText = useQueryText("sort", "created_at:desc");
  const { values, clear } = useQueryTexts(...NAMES);
  const sort = computed<Sort>({
    get() {
      const [by = "created_at", order] = sortText.value.split(":");
      return { by, order: order === "asc" ? "asc" : "desc" };
    },
    set: (next) => (sortText.value = `${next.by}:${next.order}`),
  });
  const filters = computed(() => ({
    search: filter.q.value || undefined,
    status: filter.status.value || undefined,
    type: filter.type.value || undefined,
    project_id: filter.project.value || undefined,
    tag_id: filter.tag.value ? filter.tag.value.split(",") : undefined,
    due: filter.due.value || undefined,
    sort_by: sort.value.by,
    sort_order: sort.value.order,
  }));
  const list = useList<Job>("jobs", filters, ({ due, ...query }, cursor) => {
    const now = Date.now();
    const window = due ? { time_from: new Date(now).toISOString(), time_to: new Date(now + HOUR).toISOString() } : {};
    return body(api.GET("/api/jobs", { params: { query: { ...query, ...window, limit: 50, cursor } as never } }));
  });
  return { list, sort, filter, isFiltered: computed(() => Object.keys(values.value).length > 0), clear };
}
