import type { RouteRecordNormalized, Router } from "vue-router";

/** Where people go most: these pages are fetched while nothing else is to be done. */
const OFTEN = ["/jobs", "/executions", "/overview"];
/** Where the browser does not say when it is idle. */
const LATER_MS = 1500;

type Load = () => Promise<unknown>;

/** The pages that are often gone to, of those that somebody may see, as what fetches them. */
export function pagesAhead(pages: readonly RouteRecordNormalized[], may: (...needs: string[]) => boolean): Load[] {
  return OFTEN.flatMap((path) => {
    const page = pages.find((one) => one.path === path);
    const load = page?.components?.default;
    const isSeen = !page?.meta.needs?.length || may(...page.meta.needs);
    return typeof load === "function" && isSeen ? [load as Load] : [];
  });
}

/** Fetch the pages that are often gone to, one after another, once the first one stands; not where data is dear. */
export async function fetchAhead(router: Router, may: (...needs: string[]) => boolean): Promise<void> {
  await router.isReady();
  if ((navigator as { connection?: { saveData?: boolean } }).connection?.saveData) return;
  for (const load of pagesAhead(router.getRoutes(), may)) {
    await idle();
    await load().catch(() => undefined); // It is fetched again when somebody goes there.
  }
}

function idle(): Promise<void> {
  return new Promise((done) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => done());
    else setTimeout(done, LATER_MS);
  });
}
