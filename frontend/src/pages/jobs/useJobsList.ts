import { api, body } from "@/api/client";
import { type FilteredList, given, several, useFilteredList } from "@/lib/useFilteredList";

import type { Job } from "./legal";

const HOUR = 3_600_000;
/** What narrows the list, as it stands in the address. */
export const NAMES = ["q", "status", "type", "project", "tag", "due", "result", "resting", "owner", "queue", "priority", "on", "next", "made"] as const;
export type FilterName = (typeof NAMES)[number];
export type Values = Partial<Record<FilterName, string>>;

/** The filters of the address as the server names them; moments that pass are told as they are now. */
export function filterOf(values: Values, now: number): Record<string, unknown> {
  const [nextFrom, nextTo] = (values.next ?? "").split("~");
  const [madeFrom, madeTo] = (values.made ?? "").split("~");
  const due = values.due ? { time_from: new Date(now).toISOString(), time_to: new Date(now + HOUR).toISOString() } : {};
  return given({
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
  });
}

/** The list of jobs, with its filters and its order in the address. */
export function useJobsList(): FilteredList<Job, FilterName> {
  return useFilteredList<Job, FilterName>({
    key: "jobs",
    names: NAMES,
    sortBy: "created_at",
    filterOf,
    ask: (query) => body(api.GET("/api/jobs", { params: { query: query as never } })),
  });
}
