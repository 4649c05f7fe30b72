import { computed, type ComputedRef } from "vue";

import { useAppearance } from "@/stores/appearance";

import { ownZone, type Reading } from "./moment";

/** How moments are read at present: by the zone switch of the page, and in its language. */
export function useReading(jobZone?: () => string | undefined): ComputedRef<Reading> {
  const appearance = useAppearance();
  return computed(() => {
    const zones = { mine: ownZone(), utc: "UTC", job: jobZone?.() ?? ownZone() };
    return { zone: zones[appearance.zone], language: appearance.language };
  });
}
