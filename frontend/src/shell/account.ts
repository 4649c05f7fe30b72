import type { DropdownOption } from "naive-ui";
import { computed, type ComputedRef } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";

import { type Language, LANGUAGES } from "@/i18n";
import { type Density, type Theme, useAppearance } from "@/stores/appearance";
import { useSession } from "@/stores/session";

const THEMES: Theme[] = ["dark", "light", "system"];
const DENSITIES: Density[] = ["compact", "normal", "roomy"];

/** The menu under the person's name. */
export function useAccountMenu(): { options: ComputedRef<DropdownOption[]>; choose: (key: string) => void } {
  const { t } = useI18n();
  const appearance = useAppearance();
  const session = useSession();
  const router = useRouter();

  const marked = (label: string, on: boolean): string => (on ? `✓ ${label}` : label);
  const options = computed<DropdownOption[]>(() => [
    {
      key: "language",
      label: t("me.language"),
      children: Object.entries(LANGUAGES).map(([key, label]) => ({ key: `language:${key}`, label: marked(label, appearance.language === key) })),
    },
    {
      key: "theme",
      label: t("me.theme"),
      children: THEMES.map((key) => ({ key: `theme:${key}`, label: marked(t(`me.${key}`), appearance.theme === key) })),
    },
    {
      key: "density",
      label: t("me.density"),
      children: DENSITIES.map((key) => ({ key: `density:${key}`, label: marked(t(`me.${key}`), appearance.density === key) })),
    },
    { key: "go:/docs", label: t("me.api") },
    ...(session.me?.auth_enabled
      ? [
          { key: "go:/profile", label: t("me.profile") },
          { type: "divider", key: "line" },
          { key: "out", label: t("me.signOut") },
        ]
      : []),
  ]);

  const acts: Record<string, (value: string) => void> = {
    language: (value) => (appearance.language = value as Language),
    theme: (value) => (appearance.theme = value as Theme),
    density: (value) => (appearance.density = value as Density),
    go: (value) => (value === "/docs" ? location.assign(value) : void router.push(value)),
    out: () => void session.signOut(),
  };

  function choose(key: string): void {
    const [act, value] = key.split(":");
    acts[act ?? ""]?.(value ?? "");
  }
  return { options, choose };
}
