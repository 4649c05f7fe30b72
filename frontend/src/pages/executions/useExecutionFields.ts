import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";

import type { Schemas } from "@/api/client";
import type { Column } from "@/components/DataList";
import type { Field } from "@/components/filter/fields";
import { type Columns, useColumns } from "@/components/list/useColumns";
import type { View } from "@/components/list/views";

const STATUSES = ["scheduled", "queued", "running", "completed", "failed", "timeout", "cancelled", "skipped", "dead_letter"] as const;
const ORIGINS = ["schedule", "manual", "api", "chain", "trigger", "replay", "catchup"] as const;
const CODES = ["EXIT_CODE", "TIMEOUT", "WORKER_LOST", "CANCELLED", "HTTP_STATUS", "DNS_FAILED", "VARIABLE_MISSING"] as const;
const VIEWS: [key: "all" | "failed" | "running" | "waiting" | "skipped", statuses: readonly string[]][] = [
  ["all", []],
  ["failed", ["failed", "timeout", "dead_letter"]],
  ["running", ["running", "cancelling"]],
  ["waiting", ["scheduled", "queued"]],
  ["skipped", ["skipped"]],
];
type Facets = ComputedRef<Schemas["ExecutionFacetsOut"] | undefined>;

/** What the list of executions can be narrowed to, with how many there are. */
export function useExecutionFields(facets: Facets): ComputedRef<Field[]> {
  const { t } = useI18n();
  const labels = (name: "projects" | "tags"): Field["choices"] => (facets.value?.[name] ?? []).map((one) => ({ value: one.id, label: one.name, color: one.color ?? null, ...(one.count === undefined ? {} : { count: one.count }) }));
  return computed(() => [
    { name: "status", label: t("executions.status"), kind: "choice", pinned: true, choices: STATUSES.map((value) => ({ value, label: t(`status.${value}`), ...(facets.value ? { count: facets.value.statuses[value] ?? 0 } : {}) })) },
    { name: "project", label: t("executions.project"), kind: "choice", pinned: true, choices: labels("projects") ?? [] },
    { name: "date", label: t("executions.date"), kind: "moment", pinned: true },
    { name: "tag", label: t("executions.tag"), kind: "choice", choices: labels("tags") ?? [] },
    { name: "origin", label: t("executions.origin"), kind: "choice", choices: ORIGINS.map((value) => ({ value, label: value === "api" ? "API" : t(`executions.origins.${value}`) })) },
    { name: "longer", label: t("executions.longer"), kind: "number", unit: t("list.seconds") },
    { name: "worker", label: t("executions.worker"), kind: "text" },
    { name: "queue", label: t("executions.queue"), kind: "text" },
    { name: "code", label: t("executions.errorCode"), kind: "choice", choices: CODES.map((value) => ({ value, label: value })) },
    { name: "job", label: t("executions.job"), kind: "text" },
  ]);
}

export function useExecutionViews(facets: Facets): ComputedRef<View[]> {
  const { t, n } = useI18n();
  const count = (statuses: readonly string[]): number =>
    Object.entries(facets.value?.statuses ?? {}).reduce((sum, [status, number]) => sum + (!statuses.length || statuses.includes(status) ? number : 0), 0);
  return computed(() =>
    VIEWS.map(([key, statuses]): View => ({ key, label: t(`executions.views.${key}`), query: statuses.length ? { status: statuses.join(",") } : {}, note: facets.value ? n(count(statuses)) : "" })),
  );
}

/** The columns of the list of executions: those that are there, and those that can be had. */
export function useExecutionColumns(): Columns {
  const { t } = useI18n();
  const columns = computed<Column[]>(() => [
    { key: "status", title: t("executions.status"), width: "130px", fixed: true },
    { key: "job", title: t("executions.job"), fixed: true },
    { key: "started", title: t("executions.started"), sort: "started_at" },
    { key: "origin", title: t("executions.origin"), second: true },
    { key: "late", title: t("executions.late"), align: "right", second: true, named: true },
    { key: "duration", title: t("executions.duration"), sort: "duration_ms", align: "right", second: true },
    { key: "worker", title: t("executions.worker"), second: true },
    { key: "result", title: t("executions.result"), second: true },
    { key: "queue", title: t("executions.queue"), second: true, optional: true },
    { key: "priority", title: t("executions.priority"), second: true, optional: true },
    { key: "memory", title: t("executions.memory"), align: "right", second: true, optional: true },
    { key: "id", title: t("executions.id"), second: true, optional: true },
  ]);
  return useColumns("executions", columns);
}
