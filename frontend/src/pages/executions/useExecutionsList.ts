import { api, body, type Schemas } from "@/api/client";
import { type FilteredList, given, several, useFilteredList } from "@/lib/useFilteredList";

export type Execution = Schemas["ExecutionOut"];

/** What narrows the list, as it stands in the address. */
export const NAMES = ["status", "job", "project", "tag", "origin", "worker", "queue", "date", "longer", "code"] as const;
type FilterName = (typeof NAMES)[number];
export type Values = Partial<Record<FilterName, string>>;

/** The filters of the address as the server names them. */
export function filterOf(values: Values): Record<string, unknown> {
  const [from, to] = (values.date ?? "").split("~");
  return given({
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
  });
}

/** The list of executions, with its filters and its order in the address. */
export function useExecutionsList(): FilteredList<Execution, FilterName> {
  return useFilteredList<Execution, FilterName>({
    key: "executions",
    names: NAMES,
    sortBy: "started_at",
    filterOf,
    ask: (query) => body(api.GET("/api/executions", { params: { query: { ...query, usual: true } as never } })),
  });
}
