import { useQuery } from "@tanstack/vue-query";
import { Copy, History, Pause, Pencil, Play, RotateCcw, ScrollText, Square, Trash2 } from "lucide-vue-next";
import { type Component, computed, type ComputedRef, type Ref, ref } from "vue";
import { useI18n } from "vue-i18n";

import { api, body, type Schemas } from "@/api/client";
import { capsOf, type KeyName } from "@/lib/keys";
import { useNotice } from "@/lib/useNotice";
import type { Act } from "@/pages/jobs/legal";
import { type JobActs, useJobActs } from "@/pages/jobs/useJobActs";
import { useLive } from "@/stores/live";
import type { Subject } from "@/stores/palette";
import { useSession } from "@/stores/session";

import type { Item } from "./items";

const ICONS: Record<Act, Component> = { run: Play, pause: Pause, resume: Play, start: Play, stop: Square, cancel: Square, reschedule: History, edit: Pencil, clone: Copy, delete: Trash2 };
const CAPS: Partial<Record<Act, KeyName>> = { run: "run", pause: "pause", resume: "pause", edit: "edit", cancel: "cancel" };
const FINAL = new Set(["completed", "failed", "timeout", "cancelled", "skipped", "dead_letter"]);
const FAILED = new Set(["failed", "timeout", "dead_letter"]);
type Execution = Schemas["ExecutionOut"];

export interface SubjectActs {
  name: ComputedRef<string>;
  items: ComputedRef<Item[]>;
  acts: JobActs;
  /** The execution that is asked about before it is cancelled. */
  ending: Ref<Execution | null>;
  cancel: () => Promise<void>;
  busy: Ref<boolean>;
}

/** What can be done with the job or the execution that the page, the row or the palette is about. */
export function useSubject(subject: ComputedRef<Subject | null>): SubjectActs {
  const { t } = useI18n();
  const session = useSession();
  const live = useLive();
  const notice = useNotice();
  const acts = useJobActs();
  const ending = ref<Execution | null>(null);
  const busy = ref(false);

  const idOf = (kind: Subject["kind"]): string => (subject.value?.kind === kind ? subject.value.id : "");
  const execution = useQuery({
    queryKey: computed(() => ["execution", idOf("execution")]),
    queryFn: () => body(api.GET("/api/executions/{execution_id}", { params: { path: { execution_id: idOf("execution") } } })),
    enabled: computed(() => idOf("execution") !== "" && session.may("execution:read")),
  });
  const row = computed(() => (idOf("execution") ? execution.data.value?.data : undefined));
  const jobId = computed(() => idOf("job") || (row.value?.job_id ?? ""));
  const query = useQuery({
    queryKey: computed(() => ["job", jobId.value]),
    queryFn: () => body(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: jobId.value } } })),
    enabled: computed(() => jobId.value !== "" && session.may("job:read")),
  });
  const job = computed(() => (jobId.value ? query.data.value?.data : undefined));

  async function send(call: () => Promise<unknown>, done: string): Promise<boolean> {
    busy.value = true;
    try {
      await call();
      notice.done(done);
      live.refresh();
      return true;
    } catch (error) {
      notice.failed(error);
      return false;
    } finally {
      busy.value = false;
    }
  }
  const path = (id: string) => ({ params: { path: { execution_id: id } } });
  async function cancel(): Promise<void> {
    const one = ending.value;
    if (one && (await send(() => api.POST("/api/executions/{execution_id}/cancel", { ...path(one.id ?? ""), body: { force: one.status === "cancelling" } }), t("palette.told.cancel", { name: title(one) })))) ending.value = null;
  }
  const replay = (id: string, name: string) => send(() => api.POST("/api/executions/{execution_id}/replay", { ...path(id), body: {} as never }), t("palette.told.replay", { name }));
  const title = (one: Execution): string => `${one.job_name ?? ""} #${one.number ?? ""}`;

  const ofExecution = computed<Item[]>(() => {
    const one = row.value;
    if (!one) return [];
    const isOver = FINAL.has(one.status ?? "");
    const items: Item[] = [];
    if (isOver && session.may("job:execute"))
      items.push({ key: "replay", title: t("act.replay"), note: title(one), icon: RotateCcw, act: () => void replay(one.id ?? "", title(one)) });
    if (!isOver && session.may("execution:stop")) items.push({ key: "cancel", title: t("palette.cancel"), note: title(one), icon: Square, caps: capsOf("cancel"), act: () => (ending.value = one) });
    items.push({ key: "log", title: t("palette.log"), note: title(one), icon: ScrollText, caps: capsOf("log"), to: `/executions/${one.id ?? ""}` });
    return items;
  });
  const ofJob = computed<Item[]>(() => {
    const one = job.value;
    if (!one) return [];
    const last = one.last_execution;
    const items = acts.entries(one).map<Item>(({ act, obstacle }) => {
      const key = row.value && act === "cancel" ? undefined : CAPS[act];
      return { key: `job ${act}`, title: t(`jobs.act.${act}`), icon: ICONS[act], obstacle, ...(obstacle ? { note: obstacle } : {}), ...(key ? { caps: capsOf(key) } : {}), act: () => acts.act(act, one) };
    });
    if (last && !row.value && FAILED.has(last.status ?? "") && acts.may("run", one))
      items.splice(1, 0, { key: "retry", title: t("palette.retry"), note: `#${last.number ?? ""}`, icon: RotateCcw, act: () => void replay(last.id ?? "", `${one.name ?? ""} #${last.number ?? ""}`) });
    if (last && !row.value && session.may("execution:read"))
      items.splice(1, 0, { key: "last", title: t("palette.lastLog"), note: `#${last.number ?? ""} ${last.error?.split("\n")[0] ?? ""}`.trim(), icon: ScrollText, caps: capsOf("log"), to: `/executions/${last.id ?? ""}` });
    return items;
  });
  return {
    name: computed(() => (row.value ? title(row.value) : (job.value?.name ?? ""))),
    items: computed(() => [...ofExecution.value, ...ofJob.value]),
    acts,
    ending,
    cancel,
    busy,
  };
}
