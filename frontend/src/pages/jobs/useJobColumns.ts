import { computed } from "vue";
import { useI18n } from "vue-i18n";

import type { Column } from "@/components/DataList";
import { type Columns, useColumns } from "@/components/list/useColumns";

/** The columns of the list of jobs: those that are there, and those that can be had. */
export function useJobColumns(): Columns {
  const { t } = useI18n();
  const columns = computed<Column[]>(() => [
    { key: "state", title: t("jobs.status"), width: "30px", quiet: true, fixed: true },
    { key: "name", title: t("jobs.name"), sort: "name", fixed: true },
    { key: "project", title: t("jobs.project"), second: true, optional: true },
    { key: "owner", title: t("jobs.owner"), second: true, optional: true },
    { key: "schedule", title: t("jobs.schedule"), second: true },
    { key: "next", title: t("jobs.next"), sort: "scheduled_at", second: true },
    { key: "timezone", title: t("jobs.timezone"), second: true, optional: true },
    { key: "last", title: t("jobs.last"), sort: "last_ended_at", second: true },
    { key: "lastError", title: t("jobs.lastError"), second: true, optional: true },
    { key: "recent", title: t("jobs.recent"), width: "150px" },
    { key: "success", title: t("jobs.success"), align: "right", second: true },
    { key: "usual", title: t("jobs.usual"), align: "right", second: true },
    { key: "priority", title: t("jobs.priority"), sort: "priority", second: true },
    { key: "queue", title: t("jobs.queue"), second: true, optional: true },
    { key: "created", title: t("jobs.created"), sort: "created_at", second: true, optional: true },
    { key: "updated", title: t("jobs.updated"), second: true, optional: true },
    { key: "id", title: t("jobs.id"), second: true, optional: true },
    { key: "on", title: t("jobs.on"), width: "60px", fixed: true },
    { key: "menu", title: t("act.more"), width: "44px", quiet: true, fixed: true },
  ]);
  return useColumns("jobs", columns);
}
