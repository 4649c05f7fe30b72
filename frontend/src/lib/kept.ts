import { type Ref, ref, watch } from "vue";

/** A value that this browser remembers; what was kept in another form is forgotten. */
export function useKept<T>(name: string, fallback: T, isRight: (value: unknown) => value is T): Ref<T> {
  const key = `oneoff.${name}`;
  let start = fallback;
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    if (isRight(found)) start = found;
  } catch {
    // What can't be read is as if it were not there.
  }
  const value = ref(start) as Ref<T>;
  watch(value, (now) => localStorage.setItem(key, JSON.stringify(now)), { deep: true });
  return value;
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

export function isNumbers(value: unknown): value is Record<string, number> {
  return typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one === "number");
}
