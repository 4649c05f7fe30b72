import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

import { useSession } from "@/stores/session";

import { type Group, GROUPS, type Place } from "./places";

/** The navigation as the signed-in person has it: only pages that exist and that may be seen. */
export function useNavigation(): { groups: ComputedRef<Group[]>; isHere: (place: Place) => boolean } {
  const session = useSession();
  const route = useRoute();
  const router = useRouter();
  const exists = (place: Place): boolean => router.getRoutes().some((known) => known.path.split("/:")[0] === place.path);
  const isOpen = (place: Place): boolean => exists(place) && (place.needs.length === 0 || session.may(...place.needs));
  const groups = computed(() =>
    GROUPS.map((group) => ({ ...group, places: group.places.filter(isOpen) })).filter((group) => group.places.length),
  );
  const isAt = (path: string): boolean => route.path === path || route.path.startsWith(`${path}/`);
  const isHere = (place: Place): boolean => [place.path, ...(place.also ?? [])].some(isAt);
  return { groups, isHere };
}
