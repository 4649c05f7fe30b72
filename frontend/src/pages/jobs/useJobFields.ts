import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";

import type { Schemas } from "@/api/client";
import type { Field } from "@/components/filter/fields";
import type { View } from "@/components/list/views";
import { useSession } from "@/stores/session";

const STATUSES = ["scheduled", "running", "completed", "failed", "cancelled", "paused"] as const;
const TYPES = ["shell", "http", "docker", "claude", "python"] as const;
const RESULTS = ["completed", "failed", "cancelled"] as const;
const VIEWS: [key: "all" | "failing" | "running" | "resting" | "due" | "mine", query: Record<string, string>][] = [
  ["all", {}],
  ["failing", { result: "failed" }],
  ["running", { status: "running" }],
  ["resting", { resting: "1" }],
  ["due", { due: "1h" }],
  ["mine", { owner: "me" }],
];

type Facets = ComputedRef<Schemas["JobFacetsOut"] | undefined>;

/** What the list of jobs can be narrowed to, with how many there are. */
export function useJobFields(facets: Facets): ComputedRef<Field[]> {
  const { t, te } = useI18n();
  const counted = (names: readonly string[]): Field["choices"] =>
    names.map((value) => ({ value, label: t(`status.${value}`), ...(facets.value ? { count: facets.value.statuses[value] ?? 0 } : {}) }));
  const type = (value: string): string => (te(`editor.types.${value}.title`) ? t(`editor.types.${value}.title`) : value);
  return computed(() => [
    { name: "project", label: t("jobs.project"), kind: "choice", pinned: true, choices: (facets.value?.projects ?? []).map((one) => ({ value: one.id, label: one.name, color: one.color ?? null, ...(one.count === undefined ? {} : { count: one.count }) })) },
    { name: "type", label: t("jobs.type"), kind: "choice", pinned: true, choices: TYPES.map((value) => ({ value, label: type(value) })) },
    { name: "status", label: t("jobs.status"), kind: "choice", pinned: true, choices: counted(STATUSES) ?? [] },
    { name: "tag", label: t("jobs.tag"), kind: "choice", choices: (facets.value?.tags ?? []).map((one) => ({ value: one.id, label: one.name, color: one.color ?? null })) },
    { name: "result", label: t("jobs.resultOf"), kind: "choice", choices: RESULTS.map((value) => ({ value, label: t(`jobs.${value}Last`) })) },
    { name: "on", label: t("jobs.enabled"), kind: "choice", single: true, choices: [{ value: "on", label: t("jobs.isOn") }, { value: "off", label: t("jobs.isOff") }] },
    { name: "priority", label: t("jobs.priority"), kind: "choice", choices: Array.from({ length: 10 }, (_, index) => ({ value: String(10 - index), label: String(10 - index) })) },
    { name: "next", label: t("jobs.nextBetween"), kind: "moment" },
    { name: "made", label: t("jobs.made"), kind: "moment" },
    { name: "queue", label: t("jobs.queue"), kind: "text" },
    { name: "owner", label: t("jobs.owner"), kind: "text" },
  ]);
}

/** The views that the list of jobs brings. */
export function useJobViews(facets: Facets): ComputedRef<View[]> {
  const { t, n } = useI18n();
  const session = useSession();
  const note = (key: (typeof VIEWS)[number][0]): string => {
    const number = facets.value?.views[key];
    if (number === undefined) return "";
    return facets.value?.capped.includes(key) ? t("list.capped", { count: n(number) }) : n(number);
  };
  return computed(() => VIEWS.filter(([key]) => key !== "mine" || session.me?.auth_enabled !== false).map(([key, query]) => ({ key, label: t(`jobs.views.${key}`), query, note: note(key) })));
}
