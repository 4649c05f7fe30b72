import { useI18n } from "vue-i18n";

/** What a permission lets its holder do, in words; its name if there are none yet. */
export function usePermissionText(): { permissionText: (name: string) => string } {
  const { t, te } = useI18n();
  const keyOf = (name: string): string => `people.may.${name.replace(/[:-]/g, "_")}`;
  return { permissionText: (name) => (te(keyOf(name)) ? t(keyOf(name)) : name) };
}
