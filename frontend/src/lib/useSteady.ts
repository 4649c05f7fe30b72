import { computed, type ComputedRef, ref, watch } from "vue";

/** What a list shows after its rows came anew. */
export interface Steady {
  /** The keys in the order in which they stand. */
  order: string[];
  /** Keys that wait to be shown. */
  fresh: string[];
}

/**
 * Keep rows where they are: changed ones stay in their place, those that follow the last are added, and new
 * ones between wait, unless nobody's hand is on the list.
 */
export function steadied(order: readonly string[], keys: readonly string[], isHeld: boolean): Steady {
  const known = new Set(order);
  const lastKnown = keys.reduce((last, key, index) => (known.has(key) ? index : last), -1);
  const fresh = keys.filter((key, index) => !known.has(key) && index < lastKnown);
  if (lastKnown < 0 || (!isHeld && fresh.length)) return { order: [...keys], fresh: [] };
  const there = new Set(keys);
  const following = keys.filter((key, index) => !known.has(key) && index > lastKnown);
  return { order: [...order.filter((key) => there.has(key)), ...following], fresh };
}

/** The rows of a live list, of which none moves under the hand; `signature` says when it is another list. */
export function useSteady<Row>(
  rows: ComputedRef<Row[]>,
  keyOf: (row: Row) => string,
  signature: ComputedRef<string>,
  isHeld: () => boolean,
): { rows: ComputedRef<Row[]>; fresh: ComputedRef<number>; show: () => void } {
  const order = ref<string[]>([]);
  const waiting = ref<string[]>([]);
  let seen = "";
  function take(next: Steady): void {
    order.value = next.order;
    waiting.value = next.fresh;
  }
  watch(
    [rows, signature],
    () => {
      const keys = rows.value.map(keyOf);
      const isOther = seen !== signature.value;
      seen = signature.value;
      take(isOther ? { order: keys, fresh: [] } : steadied(order.value, keys, isHeld() || window.scrollY > 0));
    },
    { immediate: true },
  );
  return {
    rows: computed(() => {
      const byKey = new Map(rows.value.map((row) => [keyOf(row), row]));
      return order.value.flatMap((key) => byKey.get(key) ?? []);
    }),
    fresh: computed(() => waiting.value.length),
    show: () => {
      take({ order: rows.value.map(keyOf), fresh: [] });
      window.scrollTo({ top: 0 });
    },
  };
}
