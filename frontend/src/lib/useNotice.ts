import { useMessage } from "naive-ui";
import { useI18n } from "vue-i18n";

import { ApiError } from "@/api/errors";
import { useNotices } from "@/stores/notices";

/** Tell in passing that something was done, or why it was not; it can be read again later. */
export function useNotice(): { done: (text: string) => void; failed: (error: unknown) => void } {
  const message = useMessage();
  const notices = useNotices();
  const { t } = useI18n();
  return {
    done: (text) => {
      notices.keep("done", text);
      message.success(text, { duration: 5000 });
    },
    failed: (error) => {
      const text = error instanceof ApiError && !error.isOffline ? error.message : t("error.offline");
      notices.keep("failed", text);
      message.error(text, { duration: 0, closable: true });
    },
  };
}
