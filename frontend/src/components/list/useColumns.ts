import { computed, type ComputedRef, type Ref } from "vue";

import { isNumbers, isTexts, useKept } from "@/lib/kept";

import type { Column } from "../DataList";

export interface Columns {
  all: ComputedRef<readonly Column[]>;
  shown: ComputedRef<Column[]>;
  widths: Ref<Record<string, number>>;
  isShown: (column: Column) => boolean;
  toggle: (key: string) => void;
  resize: (key: string, width: number | null) => void;
  reset: () => void;
}

/** Which columns of a list somebody chose, and how wide: remembered by this browser. */
export function useColumns(name: string, all: ComputedRef<readonly Column[]>): Columns {
  // Those whose state differs from the start: so new columns come as they are meant.
  const turned = useKept<string[]>(`columns.${name}`, [], isTexts);
  const widths = useKept<Record<string, number>>(`widths.${name}`, {}, isNumbers);
  const isShown = (column: Column): boolean => column.fixed === true || turned.value.includes(column.key) === (column.optional === true);
  return {
    all,
    shown: computed(() => all.value.filter(isShown)),
    widths,
    isShown,
    toggle: (key) => (turned.value = turned.value.includes(key) ? turned.value.filter((one) => one !== key) : [...turned.value, key]),
    resize: (key, width) => {
      const rest = Object.fromEntries(Object.entries(widths.value).filter(([one]) => one !== key));
      widths.value = width === null ? rest : { ...rest, [key]: width };
    },
    reset: () => {
      turned.value = [];
      widths.value = {};
    },
  };
}
