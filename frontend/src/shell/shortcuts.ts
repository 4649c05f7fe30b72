import { useRoute, useRouter } from "vue-router";

import { useKeys, useSecondLetter } from "@/lib/keys";
import { useAppearance } from "@/stores/appearance";
import { useNotices } from "@/stores/notices";
import { usePalette } from "@/stores/palette";
import { useSession } from "@/stores/session";

import { useNavigation } from "./navigation";

const GO_MS = 1500;

/** After `g`, a letter goes somewhere; it is heard before all others. */
function useGoing(): void {
  const router = useRouter();
  const { groups } = useNavigation();
  useSecondLetter("go", GO_MS, (letter) => {
    const place = groups.value.flatMap((group) => group.places).find((one) => one.letter === letter);
    if (place) void router.push(place.path);
    return place !== undefined;
  });
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
    palette: () => {
      if (palette.isOpen) palette.isOpen = false;
      else palette.show();
    },
    search: () => {
      const field = document.querySelector<HTMLInputElement>("main input[type=search]");
      if (field) field.focus();
      else palette.show();
    },
    help: () => void (palette.isHelpOpen = true),
    rail: () => void (appearance.railFolded = !appearance.railFolded),
    notices: () => notices.show(),
    create: () => {
      if (!session.may("job:write")) return false;
      void router.push("/jobs/new");
    },
    log: (event) => palette.perform("log", event.target),
    cancel: (event) => palette.perform("cancel", event.target),
    close: () => {
      if (route.query.view !== "wall") return false;
      void router.replace({ query: { ...route.query, view: undefined } });
    },
  });
}
