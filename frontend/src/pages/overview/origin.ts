import { useI18n } from "vue-i18n";

/** Who or what started an execution, in a word. */
export function useOrigin(): (row: { origin?: string; actor?: string | null }) => string {
  const { t, te } = useI18n();
  return (row) => {
    if (row.actor?.startsWith("user:")) return row.actor.slice("user:".length);
    const name = `executions.origins.${row.origin ?? ""}`;
    return te(name) ? t(name) : (row.origin ?? "");
  };
}
