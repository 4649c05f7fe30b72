import { createI18n } from "vue-i18n";

import en from "./en";

export const LANGUAGES = { en: "English", vi: "Tiếng Việt" } as const;
export type Language = keyof typeof LANGUAGES;
/** English says which texts there are; other languages have the same. */
export type Texts = typeof en;

export const i18n = createI18n({
  legacy: false,
  locale: "en",
  fallbackLocale: "en",
  messages: { en } as unknown as Record<Language, Texts>,
});

/** Switch the language of the whole page; its texts are fetched when they are first needed. */
export async function speak(language: Language): Promise<void> {
  if (language === "vi" && !i18n.global.availableLocales.includes("vi")) {
    i18n.global.setLocaleMessage("vi", (await import("./vi")).default as never);
  }
  (i18n.global.locale as unknown as { value: Language }).value = language;
  document.documentElement.lang = language;
}
