import { type Ref, ref } from "vue";
import { useI18n } from "vue-i18n";

import { api, body } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useNotice } from "@/lib/useNotice";
import { useLive } from "@/stores/live";

import { type JobForm, toCreate, toForm, toPatch } from "../jobForm";
import type { Editor } from "../useEditor";

interface Saved {
  id: string;
}

export interface Save {
  busy: Ref<boolean>;
  /** What the job is by now, if it was changed meanwhile. */
  theirs: Ref<JobForm | null>;
  clashes: Ref<boolean>;
  save: (run: boolean) => Promise<Saved | null>;
  /** Forget what was seen before: the next save goes over what others wrote. */
  overwrite: () => void;
}

/** Make or change the job that the form describes; faults go to their fields. */
export function useSave(editor: Editor, id: () => string | null, before: Ref<JobForm | null>, version: Ref<number>): Save {
  const { t } = useI18n();
  const notice = useNotice();
  const live = useLive();
  const busy = ref(false);
  const theirs = ref<JobForm | null>(null) as Ref<JobForm | null>;
  const clashes = ref(false);
  let newest = 0;

  async function create(): Promise<Saved> {
    const made = (await body(api.POST("/api/jobs", { body: toCreate(editor.form) as never }))).data as Saved;
    return { id: made.id };
  }

  async function change(job: string): Promise<Saved> {
    const patch = before.value ? toPatch(before.value, editor.form) : {};
    if (Object.keys(patch).length) {
      const header = { "If-Match": `"${version.value}"` };
      const changed = (await body(api.PATCH("/api/jobs/{job_id}", { params: { path: { job_id: job }, header }, body: patch as never }))).data as { version?: number };
      version.value = changed.version ?? version.value;
    }
    return { id: job };
  }

  async function showTheirs(job: string): Promise<void> {
    const now = (await body(api.GET("/api/jobs/{job_id}", { params: { path: { job_id: job } } }))).data as { version?: number };
    newest = now.version ?? 0;
    theirs.value = toForm(now);
    clashes.value = true;
  }

  async function refused(error: unknown): Promise<void> {
    const job = id();
    const isClash = error instanceof ApiError && error.status === 409 && typeof error.details === "object" && error.details !== null && "version" in error.details;
    if (isClash && job) return showTheirs(job);
    if (error instanceof ApiError && error.faults.length) {
      editor.faults.value = error.faults;
      for (const name of Object.keys(editor.open) as (keyof Editor["open"])[]) if (editor.counts.value[name]) editor.open[name] = true;
    } else notice.failed(error);
  }

  async function save(run: boolean): Promise<Saved | null> {
    if (busy.value) return null;
    busy.value = true;
    editor.faults.value = [];
    try {
      const job = id();
      const saved = job ? await change(job) : await create();
      notice.done(t(job ? "editor.saved" : "editor.made", { name: editor.form.name }));
      if (run) await api.POST("/api/jobs/{job_id}/execute", { params: { path: { job_id: saved.id } }, body: {} as never }).catch(notice.failed);
      live.refresh();
      return saved;
    } catch (error) {
      await refused(error).catch(notice.failed);
      return null;
    } finally {
      busy.value = false;
    }
  }

  function overwrite(): void {
    version.value = newest;
    clashes.value = false;
  }
  return { busy, theirs, clashes, save, overwrite };
}
