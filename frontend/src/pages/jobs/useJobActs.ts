import { ref, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";

import { isOffline } from "@/lib/offline";
import { useNotice } from "@/lib/useNotice";
import { useLive } from "@/stores/live";
import { useSession } from "@/stores/session";

import { calls } from "./calls";
import { type Act, actsOf, type Job, NEEDS, obstacleTo, obstacleToRunWith } from "./legal";

export interface Entry {
  act: Act;
  obstacle: string | null;
}

export interface JobActs {
  /** What is being asked about, and of which job; `with` are the parameters of a start. */
  asked: Ref<{ act: Act | "with"; job: Job } | null>;
  busy: Ref<boolean>;
  /** The moves that this person may make with a job, the illegal ones with the reason. */
  entries: (job: Job) => Entry[];
  may: (act: Act, job: Job) => boolean;
  /** Do it at once, or ask first where that is due. */
  act: (what: Act | "with", job: Job) => void;
  /** Do it; whether it went well. */
  carryOut: (what: Act, job: Job, call: () => Promise<unknown>) => Promise<boolean>;
}

/** Those that ask for more, or for a second thought. */
const ASKS = new Set<Act | "with">(["pause", "reschedule", "delete", "stop", "cancel", "with", "clone"]);

/** All that can be done with one job, for its page and for the rows of the list. */
export function useJobActs(): JobActs {
  const { t } = useI18n();
  const router = useRouter();
  const notice = useNotice();
  const live = useLive();
  const session = useSession();
  const asked = ref<{ act: Act | "with"; job: Job } | null>(null);
  const busy = ref(false);
  const may = (one: Act, job: Job): boolean => session.mayOf(job.created_by, ...NEEDS[one]);

  async function carryOut(what: Act, job: Job, call: () => Promise<unknown>): Promise<boolean> {
    busy.value = true;
    try {
      await call();
      notice.done(t(`jobs.told.${what}`, { name: job.name ?? "" }));
      live.refresh();
      return true;
    } catch (error) {
      notice.failed(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  function act(what: Act | "with", job: Job): void {
    const id = job.id ?? "";
    const gate: Act = what === "with" ? "run" : what;
    const obstacle = what === "with" ? obstacleToRunWith(job) : obstacleTo(gate, job);
    if (isOffline.value || !may(gate, job) || obstacle) return;
    if (ASKS.has(what)) asked.value = { act: what, job };
    else if (what === "edit") void router.push(`/jobs/${id}/edit`);
    else if (what === "run" || what === "resume" || what === "start") void carryOut(what, job, () => calls[what](id));
  }

  function entries(job: Job): Entry[] {
    return actsOf(job)
      .filter((one) => may(one, job))
      .map((one) => {
        const obstacle = obstacleTo(one, job);
        return { act: one, obstacle: isOffline.value ? t("error.offlineRests") : obstacle ? t(`jobs.obstacle.${obstacle}`) : null };
      });
  }
  return { asked, busy, entries, may, act, carryOut };
}
