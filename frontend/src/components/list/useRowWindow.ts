import { useWindowVirtualizer } from "@tanstack/vue-virtual";
import { computed, type ComputedRef, type Ref, ref } from "vue";

import type { Item } from "../DataList";

/** Fewer than so many stand in the document as they are. */
const MANY = 200;
const ROW_HEIGHT = 38;

interface Windowed<Row> {
  shown: ComputedRef<Item<Row>[]>;
  /** Pixels that stand for what is left out before and after. */
  before: ComputedRef<number>;
  after: ComputedRef<number>;
  isWindowed: ComputedRef<boolean>;
  measure: (element: unknown) => void;
  scrollTo: (index: number) => void;
}

/** Of many rows only those near the window are in the document. */
export function useRowWindow<Row>(items: ComputedRef<Item<Row>[]>, table: Ref<HTMLElement | null>): Windowed<Row> {
  const isWindowed = computed(() => items.value.length > MANY);
  const margin = ref(0);
  const virtualizer = useWindowVirtualizer(
    computed(() => {
      margin.value = (table.value?.getBoundingClientRect().top ?? 0) + window.scrollY;
      return {
        count: isWindowed.value ? items.value.length : 0,
        estimateSize: () => ROW_HEIGHT,
        overscan: 12,
        scrollMargin: margin.value,
        getItemKey: (index: number) => items.value[index]?.key ?? index,
      };
    }),
  );
  const near = computed(() => virtualizer.value.getVirtualItems());
  return {
    isWindowed,
    shown: computed(() => (isWindowed.value ? near.value.flatMap((one) => items.value[one.index] ?? []) : items.value)),
    before: computed(() => Math.max(0, (near.value[0]?.start ?? margin.value) - margin.value)),
    after: computed(() => Math.max(0, virtualizer.value.getTotalSize() - ((near.value.at(-1)?.end ?? margin.value) - margin.value))),
    measure: (element) => {
      if (isWindowed.value && element instanceof HTMLElement) virtualizer.value.measureElement(element);
    },
    scrollTo: (index) => {
      if (isWindowed.value) virtualizer.value.scrollToIndex(index, { align: "auto" });
    },
  };
}
