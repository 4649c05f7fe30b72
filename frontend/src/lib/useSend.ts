import { reactive } from "vue";
import { useI18n } from "vue-i18n";

import { ApiError } from "@/api/errors";
import { useLive } from "@/stores/live";

import { useNotice } from "./useNotice";

export interface Sending {
  busy: boolean;
  /** What is wrong, by field of what was sent. */
  faults: Record<string, string>;
  /** What is wrong with none of the fields that the form shows. */
  fault: string;
  /** Send; true if it went well. `fields` are those beside which a fault can be shown. */
  send: (act: () => Promise<unknown>, done: string, fields?: readonly string[]) => Promise<boolean>;
  clear: () => void;
}

/** The faults of a refusal: those of fields that are shown, and the rest as one text. */
export function sorted(error: ApiError, fields: readonly string[]): { faults: Record<string, string>; rest: string } {
  const faults: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, message } of error.faults) {
    const name = fields.find((known) => field === known || field.startsWith(`${known}.`));
    if (name) faults[name] ??= message;
    else rest.push(`${field}: ${message}`);
  }
  return { faults, rest: error.faults.length ? rest.join("; ") : error.message };
}

/** How a form or a button sends what it does: once at a time, with the server's refusal in its place. */
export function useSend(): Sending {
  const { t } = useI18n();
  const notice = useNotice();
  const live = useLive();
  const state: Sending = reactive({
    busy: false,
    faults: {},
    fault: "",
    clear() {
      state.faults = {};
      state.fault = "";
    },
    async send(act, done, fields) {
      if (state.busy) return false;
      state.busy = true;
      state.clear();
      try {
        await act();
        live.refresh();
        if (done) notice.done(done);
        return true;
      } catch (error) {
        if (!fields || !(error instanceof ApiError)) notice.failed(error);
        else if (error.isOffline) state.fault = t("error.offline");
        else ({ faults: state.faults, rest: state.fault } = sorted(error, fields));
        return false;
      } finally {
        state.busy = false;
      }
    },
  });
  return state;
}
