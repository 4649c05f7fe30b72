import { computed, type ComputedRef, type WritableComputedRef } from "vue";

import { api, body, type Schemas } from "@/api/client";
import type { Sort } from "@/components/DataList";
import { useQueryText, useQueryTexts } from "@/lib/queryState";
import { type List, useList } from "@/lib/useList";

export type Execution = Schemas["ExecutionOut"];

const FIRST = 50;
const REST = 250;
/** What narrows the list, as it stands in the address. */
export const NAMES = ["status", "job", "project", "tag", "origin", "worker", "queue", "date", "longer", "code"] as const;
export type Values = Partial<Record<(typeof NAMES)[number], string>>;

const several = (text: string | undefined): string[] | undefined => (text ? text.split(",").filter(Boolean) : undefined);

/** The filters of the address as the server names them. */
export function filterOf(values: Values): Record<string, unknown> {
  const [from, to] = (values.date ?? "").split("~");
  const found: Record<string, unknown> = {
    status: several(values.status),
    include: values.status ? undefined : "all",
    job_id: values.job,
    project_id: several(values.project),
    tag_id: several(values.tag),
    origin: several(values.origin),
    worker: several(values.worker),
    queue: several(values.queue),
    error_code: several(values.code),
    duration_from: values.longer ? Math.round(Number(values.longer) * 1000) : undefined,
    date_from: from,
    date_to: to,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined && value !== ""));
}

export interface ExecutionsList {
  list: List<Execution>;
  sort: WritableComputedRef<Sort>;
  values: WritableComputedRef<Values>;
  set: (name: string, value: string) => void;
  isFiltered: ComputedRef<boolean>;
  clear: () => void;
  filter: () => Record<string, unknown>;
  signature: ComputedRef<string>;
}

/** The list of executions, with its filters and its order in the address. */
export function useExecutionsList(): ExecutionsList {
  const sortText = useQueryText("sort", "started_at:desc");
  const { values, clear } = useQueryTexts(...NAMES);
  const sort = computed<Sort>({
    get() {
      const [by = "started_at", order] = sortText.value.split(":");
      return { by, order: order === "asc" ? "asc" : "desc" };
    },
    set: (next) => (sortText.value = `${next.by}:${next.order}`),
  });
  const asked = computed(() => ({ ...filterOf(values.value), sort_by: sort.value.by, sort_order: sort.value.order, usual: true }));
  const list = useList<Execution>("executions", asked, (query, cursor) =>
    body(api.GET("/api/executions", { params: { query: { ...query, limit: cursor ? REST : FIRST, cursor } as never } })),
  );
  return {
    list,
    sort,
    values,
    set: (name, value) => (values.value = { ...values.value, [name]: value }),
    isFiltered: computed(() => Object.keys(values.value).length > 0),
    clear,
    filter: () => filterOf(values.value),
    signature: computed(() => JSON.stringify(asked.value)),
  };
}
