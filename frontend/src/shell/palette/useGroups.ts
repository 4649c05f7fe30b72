import { computed, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";

import { bestOf } from "@/lib/fuzzy";
import { momentText } from "@/lib/moment";
import { useReading } from "@/lib/useReading";
import { useClock } from "@/stores/clock";
import { usePalette } from "@/stores/palette";

import { type Group, type Hit, itemOf, type Item, type Wish } from "./items";
import { recent } from "./recent";
import { useCommands } from "./useCommands";

const KINDS = ["job", "execution", "chain", "error", "person"] as const;

/** The lines of the palette in their groups: what was found, what can be done, where one can go. */
export function useGroups(wish: Ref<Wish>, hits: ComputedRef<Hit[]>, subject: { name: ComputedRef<string>; items: ComputedRef<Item[]> }): ComputedRef<Group[]> {
  const { t, n } = useI18n();
  const clock = useClock();
  const reading = useReading();
  const { pages, commands } = useCommands();
  const palette = usePalette();
  const before = computed(() => (palette.isOpen ? recent() : []));

  function noteOf(hit: Hit): string {
    const at = hit.at && hit.kind !== "job" ? momentText(new Date(hit.at), clock.now, reading.value) : "";
    const many = hit.count && hit.count > 1 ? t("palette.times", { count: n(hit.count) }) : "";
    return [hit.subtitle, many, at].filter(Boolean).join(", ");
  }
  const found = computed<Group[]>(() =>
    KINDS.map((kind) => ({ key: kind, title: t(`palette.kinds.${kind}`), items: hits.value.filter((hit) => hit.kind === kind).map((hit) => itemOf(hit, noteOf(hit))) })),
  );
  const deeds = (items: Item[]): Group => ({ key: "do", title: t("palette.do", { name: subject.name.value }), items });
  const fitting = (items: readonly Item[], most: number): Item[] => bestOf(wish.value.text, items, (item) => item.title, most);

  return computed(() => {
    const { only, text } = wish.value;
    const groups: Group[] = [];
    if (only === "commands") {
      const all = [...subject.items.value, ...commands.value];
      groups.push({ key: "commands", title: t("palette.commands"), items: text ? fitting(all, 20) : all });
    } else if (!text) {
      groups.push({ key: "recent", title: t("palette.recent"), items: before.value.map((hit) => itemOf(hit)) }, deeds(subject.items.value));
      groups.push({ key: "pages", title: t("palette.goTo"), items: pages.value });
    } else {
      const [jobs, ...others] = found.value;
      if (jobs) groups.push(jobs);
      groups.push(deeds(subject.items.value.slice(0, 5)), ...others);
      if (!only) groups.push({ key: "pages", title: t("palette.goTo"), items: fitting(pages.value, 4) }, { key: "commands", title: t("palette.commands"), items: fitting(commands.value, 4) });
    }
    return groups.filter((group) => group.items.length);
  });
}
