import { computed, type ComputedRef } from "vue";
import { useRoute } from "vue-router";

/** Whether the page hangs on a wall: larger type, nothing to press. */
export function useWall(): ComputedRef<boolean> {
  const route = useRoute();
  return computed(() => route.query.view === "wall");
}
