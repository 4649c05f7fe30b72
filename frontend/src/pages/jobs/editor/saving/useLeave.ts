import { onBeforeUnmount, onMounted, ref, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";

export interface Leave {
  /** Whether the question stands open. */
  asks: Ref<boolean>;
  answer: (goes: boolean) => void;
  /** From now on nothing is lost by leaving. */
  allow: () => void;
}

/** Ask before what was typed is lost: on the way to another page, and when the tab is closed. */
export function useLeave(isDirty: () => boolean): Leave {
  const asks = ref(false);
  let allowed = false;
  let decide: (goes: boolean) => void = () => undefined;
  const onUnload = (event: BeforeUnloadEvent): void => {
    if (isDirty() && !allowed) event.preventDefault();
  };
  onMounted(() => window.addEventListener("beforeunload", onUnload));
  onBeforeUnmount(() => window.removeEventListener("beforeunload", onUnload));
  onBeforeRouteLeave(() => {
    if (allowed || !isDirty()) return true;
    asks.value = true;
    return new Promise<boolean>((resolve) => (decide = resolve));
  });
  return {
    asks,
    answer(goes) {
      asks.value = false;
      decide(goes);
    },
    allow: () => (allowed = true),
  };
}
