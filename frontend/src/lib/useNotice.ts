import { useMessage } from "naive-ui";
import { useI18n } from "vue-i18n";

import { ApiError } from "@/api/errors";

/** Tell in passing that something was done, or why it was not. */
export function useNotice(): { done: (text: string) => void; failed: (error: unknown) => void } {
  const message = useMessage();
  const { t } = useI18n();
  return {
    done: (text) => void message.success(text, { duration: 5000 }),
    failed: (error) => {
      const text = error instanceof ApiError && !error.isOffline ? error.message : t("error.offline");
      void message.error(text, { duration: 0, closable: true });
    },
  };
}
