import { onBeforeUnmount, onMounted } from "vue";
import { useRouter } from "vue-router";

import { useAppearance } from "@/stores/appearance";

import { useNavigation } from "./navigation";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Keys that work on every page: `g` and a letter goes somewhere, `/` searches, `[` folds the rail. */
export function useShortcuts(): void {
  const router = useRouter();
  const appearance = useAppearance();
  const { groups } = useNavigation();
  let goUntil = 0;

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !appearance.letterKeys) return;
    if (Date.now() < goUntil) {
      goUntil = 0;
      const place = groups.value.flatMap((group) => group.places).find((one) => one.letter === event.key);
      if (place) void router.push(place.path);
    } else if (event.key === "g") {
      goUntil = Date.now() + 1500;
    } else if (event.key === "/") {
      event.preventDefault();
      document.querySelector<HTMLInputElement>("main input[type=search]")?.focus();
    } else if (event.key === "[") {
      appearance.railFolded = !appearance.railFolded;
    }
  }
  onMounted(() => window.addEventListener("keydown", onKey));
  onBeforeUnmount(() => window.removeEventListener("keydown", onKey));
}
