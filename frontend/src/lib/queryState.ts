import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

/** A part of the address, so that a link shows others the same: one value, left out if it is the default. */
export function useQueryText(name: string, fallback = ""): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get() {
      const value = route.query[name];
      return typeof value === "string" ? value : fallback;
    },
    set(value) {
      const kept = value === fallback || value === "" ? undefined : value;
      void router.replace({ query: { ...route.query, [name]: kept } });
    },
  });
}

/** Several parts of the address at once; empty ones are left out. */
export function useQueryTexts<K extends string>(...names: K[]): {
  values: WritableComputedRef<Partial<Record<K, string>>>;
  clear: () => void;
} {
  const route = useRoute();
  const router = useRouter();
  const values = computed({
    get() {
      const found: Partial<Record<K, string>> = {};
      for (const name of names) {
        const value = route.query[name];
        if (typeof value === "string" && value !== "") found[name] = value;
      }
      return found;
    },
    set(next) {
      const changed = Object.fromEntries(names.map((name) => [name, next[name] || undefined]));
      void router.replace({ query: { ...route.query, ...changed } });
    },
  });
  return { values, clear: () => (values.value = {}) };
}
