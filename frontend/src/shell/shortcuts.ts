import { onBeforeUnmount, onMounted } from "vue";
import { useRoute, useRouter } from "vue-router";

import { isLetter, isTyping, useKeys } from "@/lib/keys";
import { useAppearance } from "@/stores/appearance";
import { useNotices } from "@/stores/notices";
import { usePalette } from "@/stores/palette";
import { useSession } from "@/stores/session";

import { useNavigation } from "./navigation";

const GO_MS = 1500;

/** After `g`, a letter goes somewhere; it is heard before all others. */
function useGoing(): void {
  const router = useRouter();
  const appearance = useAppearance();
  const { groups } = useNavigation();
  let until = 0;

  function onKey(event: KeyboardEvent): void {
    if (!isLetter(event) || isTyping(event.target) || !appearance.letterKeys) return;
    if (Date.now() < until) {
      until = 0;
      const place = groups.value.flatMap((group) => group.places).find((one) => one.letter === event.key);
      if (!place) return;
      event.preventDefault();
      event.stopPropagation();
      void router.push(place.path);
    } else if (event.key === "g") until = Date.now() + GO_MS;
  }
  onMounted(() => window.addEventListener("keydown", onKey, { capture: true }));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey, { capture: true }));
}

/** Keys that work on every page. */
export function useShortcuts(): void {
  const route = useRoute();
  const router = useRouter();
  const appearance = useAppearance();
  const palette = usePalette();
  const notices = useNotices();
  const session = useSession();
  useGoing();
  useKeys({
    palette: (event) => {
      event.preventDefault();
      if (palette.isOpen) palette.isOpen = false;
      else palette.show();
    },
    search: (event) => {
      event.preventDefault();
      const field = document.querySelector<HTMLInputElement>("main input[type=search]");
      if (field) field.focus();
      else palette.show();
    },
    help: () => (palette.isHelpOpen = true),
    rail: () => (appearance.railFolded = !appearance.railFolded),
    notices: () => notices.show(),
    create: () => {
      // The list of jobs has a button of its own for it.
      if (route.path !== "/jobs" && session.may("job:write")) void router.push("/jobs/new");
    },
    log: (event) => palette.perform("log", event.target),
    cancel: (event) => palette.perform("cancel", event.target),
    close: () => {
      if (route.query.view === "wall") void router.replace({ query: { ...route.query, view: undefined } });
    },
  });
}
