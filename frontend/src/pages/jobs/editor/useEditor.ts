import { computed, type ComputedRef, inject, type InjectionKey, provide, reactive, type Ref, ref } from "vue";

import type { Fault } from "@/api/errors";

import { emptyForm, type JobForm, type Section, SECTIONS, sectionOf } from "./jobForm";

/** The form that all sections of the editor share, and what the server found wrong in it. */
export interface Editor {
  form: JobForm;
  faults: Ref<Fault[]>;
  /** Whether the job exists already: then its type can't be changed. */
  isEdit: ComputedRef<boolean>;
  open: Record<Section, boolean>;
  /** The fault of a field, or of something inside of it. */
  faultOf: (field: string) => string | undefined;
  counts: ComputedRef<Record<Section, number>>;
}

const KEY: InjectionKey<Editor> = Symbol("editor");

export function provideEditor(zone: string, isEdit: ComputedRef<boolean>): Editor {
  const faults = ref<Fault[]>([]);
  const editor: Editor = {
    form: reactive(emptyForm(zone)),
    faults,
    isEdit,
    open: reactive({ general: true, what: true, when: true, fails: false, notify: false, advanced: false }),
    faultOf(field) {
      const found = faults.value.find((fault) => fault.field === field || fault.field.startsWith(`${field}.`) || fault.field.startsWith(`${field}[`));
      if (!found) return undefined;
      const inside = found.field.slice(field.length).replace(/^\./, "");
      return inside ? `${inside}: ${found.message}` : found.message;
    },
    counts: computed(() => {
      const counts = Object.fromEntries(SECTIONS.map((name) => [name, 0])) as Record<Section, number>;
      for (const fault of faults.value) counts[sectionOf(fault.field)] += 1;
      return counts;
    }),
  };
  provide(KEY, editor);
  return editor;
}

export function useEditor(): Editor {
  const editor = inject(KEY);
  if (!editor) throw new Error("there is no editor around this");
  return editor;
}
