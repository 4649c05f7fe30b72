import { useI18n } from "vue-i18n";

import { momentText } from "./moment";
import { useReading } from "./useReading";

/** What the server tells by a code with values, beside its own English sentence. */
export interface Told {
  code?: string | null | undefined;
  params?: Record<string, unknown> | undefined;
  text?: string | undefined;
}
interface Reasoned {
  reason?: string | null | undefined;
  reason_code?: string | null | undefined;
  reason_params?: Record<string, unknown> | undefined;
}

const ID = /^[0-9a-f]{32}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;
/** A time on the clocks of a zone, with how far they are from UTC. */
const LOCAL = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})([+-])0?(\d{1,2}):(\d{2})$/;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function offset(sign = "+", hours = "0", minutes = "00"): string {
  if (hours === "0" && minutes === "00") return "UTC";
  return `UTC${sign}${hours}${minutes === "00" ? "" : `:${minutes}`}`;
}

/**
 * Says decisions and reasons in the page's language; a code that it does not know in the server's words.
 * Executions are named by the end of their ids, or by the whole ids, to make links of them.
 */
export function useTold(jobZone?: () => string | undefined, wholeIds = false): { say: (told: Told) => string; reasonOf: (row: Reasoned) => string } {
  const { t, te, locale } = useI18n();
  const reading = useReading(jobZone);

  function sentence(group: "told" | "reasons", told: Told): string {
    const key = `why.${group}.${told.code ?? ""}`;
    if (!told.code || !te(key)) return told.text ?? "";
    return t(key, Object.fromEntries(Object.entries(told.params ?? {}).map(([name, value]) => [name, word(name, value)])));
  }
  function word(name: string, value: unknown): string {
    if (isRecord(value)) {
      if ("text" in value) return sentence("reasons", value as Told);
      return String(value[locale.value] ?? value.en ?? "");
    }
    const text = String(value ?? "");
    if (!wholeIds && ID.test(text)) return `…${text.slice(-6)}`;
    const local = LOCAL.exec(text);
    if (local) return `${local[1] ?? ""} ${local[2] ?? ""} ${offset(local[3], local[4], local[5])}`;
    if (name === "status" && te(`status.${text}`)) return t(`status.${text}`);
    return MOMENT.test(text) ? momentText(new Date(text), new Date(), reading.value, true) : text;
  }
  return {
    say: (told) => sentence("told", told),
    reasonOf: (row) => sentence("reasons", { code: row.reason_code, params: row.reason_params, text: row.reason ?? "" }),
  };
}
