import { defineStore } from "pinia";
import { computed, ref, watch } from "vue";

import { type Language, LANGUAGES, speak } from "@/i18n";

const KEPT = "oneoff.appearance";

export type Theme = "dark" | "light" | "system";
export type Density = "compact" | "normal" | "roomy";
export type ZoneChoice = "mine" | "job" | "utc";

interface Kept {
  theme: Theme;
  density: Density;
  language: Language;
  zone: ZoneChoice;
  railFolded: boolean;
  letterKeys: boolean;
}

function ownLanguage(): Language {
  return navigator.language.startsWith("vi") ? "vi" : "en";
}

function read(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Kept>;
  } catch {
    return {};
  }
}

/** What each person chooses for this browser: theme, density, language, zone. */
export const useAppearance = defineStore("appearance", () => {
  const kept = read();
  const theme = ref<Theme>(kept.theme ?? "dark");
  const density = ref<Density>(kept.density ?? "normal");
  const language = ref<Language>(kept.language && kept.language in LANGUAGES ? kept.language : ownLanguage());
  const zone = ref<ZoneChoice>(kept.zone ?? "mine");
  const railFolded = ref(kept.railFolded ?? false);
  /** Whether single letters are shortcuts (WCAG 2.1.4 asks for a way to switch them off). */
  const letterKeys = ref(kept.letterKeys ?? true);

  const prefersLight = matchMedia("(prefers-color-scheme: light)");
  const systemIsLight = ref(prefersLight.matches);
  prefersLight.addEventListener("change", (event) => (systemIsLight.value = event.matches));
  const isLight = computed(() => theme.value === "light" || (theme.value === "system" && systemIsLight.value));

  watch(
    isLight,
    (light) => {
      if (light) document.documentElement.dataset.theme = "light";
      else delete document.documentElement.dataset.theme;
    },
    { immediate: true },
  );
  watch(density, (chosen) => (document.documentElement.dataset.density = chosen), { immediate: true });
  watch(language, (chosen) => void speak(chosen), { immediate: true });
  watch([theme, density, language, zone, railFolded, letterKeys], () => {
    const values: Kept = {
      theme: theme.value,
      density: density.value,
      language: language.value,
      zone: zone.value,
      railFolded: railFolded.value,
      letterKeys: letterKeys.value,
    };
    localStorage.setItem(KEPT, JSON.stringify(values));
  });

  return { theme, density, language, zone, railFolded, letterKeys, isLight };
});
