import { defineStore } from "pinia";
import { computed, ref } from "vue";

/** Something that was told in passing. */
export interface Notice {
  id: number;
  kind: "done" | "failed";
  text: string;
  at: Date;
}

const MOST = 50;

/** What was told in passing, kept to be read again: the newest first. */
export const useNotices = defineStore("notices", () => {
  const all = ref<Notice[]>([]);
  const isOpen = ref(false);
  const seen = ref(0);
  let last = 0;

  function keep(kind: Notice["kind"], text: string): void {
    last += 1;
    all.value = [{ id: last, kind, text, at: new Date() }, ...all.value].slice(0, MOST);
  }
  function show(): void {
    isOpen.value = true;
    seen.value = last;
  }
  const unseen = computed(() => all.value.filter((one) => one.id > seen.value && one.kind === "failed").length);
  return { all, isOpen, unseen, keep, show };
});
