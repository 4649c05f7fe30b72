import { BookOpen, CirclePlus, CircleQuestionMark, Clock, Languages, Link2, LogOut, Moon, PanelLeft, Rows3, Tv } from "lucide-vue-next";
import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";

import { LANGUAGES, type Language } from "@/i18n";
import { capsOf } from "@/lib/keys";
import { useAppearance, type Density, type Theme, type ZoneChoice } from "@/stores/appearance";
import { usePalette } from "@/stores/palette";
import { useSession } from "@/stores/session";

import { useNavigation } from "../navigation";
import type { Item } from "./items";

const THEMES: Theme[] = ["dark", "light", "system"];
const DENSITIES: Density[] = ["compact", "normal", "roomy"];

/** Where one can go, and what one can do from anywhere. */
export function useCommands(): { pages: ComputedRef<Item[]>; commands: ComputedRef<Item[]> } {
  const { t } = useI18n();
  const session = useSession();
  const appearance = useAppearance();
  const palette = usePalette();
  const { groups } = useNavigation();

  const pages = computed<Item[]>(() => [
    ...groups.value
      .flatMap((group) => group.places)
      .map((place) => ({ key: place.path, title: t(place.title), icon: place.icon, to: place.path, ...(place.letter ? { caps: ["G", place.letter.toUpperCase()] } : {}) })),
    { key: "docs", title: t("me.api"), icon: BookOpen, act: () => location.assign("/docs") },
  ]);

  const zones = computed<Record<ZoneChoice, string>>(() => ({ mine: t("bar.zoneMine"), job: t("bar.zoneJob"), utc: t("bar.zoneUtc") }));
  const commands = computed<Item[]>(() => {
    const make: Item[] = session.may("job:write")
      ? [
          { key: "new job", title: t("jobs.new"), icon: CirclePlus, caps: capsOf("create"), to: "/jobs/new" },
          { key: "new chain", title: t("chains.new"), icon: Link2, to: "/chains/new" },
        ]
      : [];
    return [
      ...make,
      { key: "help", title: t("bar.help"), icon: CircleQuestionMark, caps: capsOf("help"), act: () => (palette.isHelpOpen = true) },
      { key: "wall", title: t("palette.wall"), icon: Tv, to: "/overview?view=wall" },
      ...THEMES.filter((one) => one !== appearance.theme).map((one) => ({ key: `theme ${one}`, title: `${t("me.theme")}: ${t(`me.${one}`)}`, icon: Moon, act: () => (appearance.theme = one) })),
      ...(Object.keys(LANGUAGES) as Language[])
        .filter((one) => one !== appearance.language)
        .map((one) => ({ key: `language ${one}`, title: `${t("me.language")}: ${LANGUAGES[one]}`, icon: Languages, act: () => (appearance.language = one) })),
      ...DENSITIES.filter((one) => one !== appearance.density).map((one) => ({ key: `density ${one}`, title: `${t("me.density")}: ${t(`me.${one}`)}`, icon: Rows3, act: () => (appearance.density = one) })),
      ...(Object.keys(zones.value) as ZoneChoice[])
        .filter((one) => one !== appearance.zone)
        .map((one) => ({ key: `zone ${one}`, title: `${t("bar.zone")}: ${zones.value[one]}`, icon: Clock, act: () => (appearance.zone = one) })),
      { key: "rail", title: appearance.railFolded ? t("nav.unfold") : t("nav.fold"), icon: PanelLeft, caps: capsOf("rail"), act: () => (appearance.railFolded = !appearance.railFolded) },
      ...(session.me?.auth_enabled ? [{ key: "out", title: t("me.signOut"), icon: LogOut, act: () => void session.signOut() }] : []),
    ];
  });
  return { pages, commands };
}
