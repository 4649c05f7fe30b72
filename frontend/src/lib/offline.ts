import { type Directive, ref, watchEffect } from "vue";

import { i18n } from "@/i18n";

/** Whether nobody answers; what can be read stays, what changes something rests. */
export const isOffline = ref(false);

const resting = new WeakMap<HTMLElement, () => void>();

function refuse(event: Event): void {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function rest(element: HTMLElement, rests: boolean): void {
  if (rests === (element.dataset.rests !== undefined)) return;
  if (rests) {
    element.dataset.rests = element.title;
    element.title = i18n.global.t("error.offlineRests");
    element.setAttribute("aria-disabled", "true");
    element.addEventListener("click", refuse, { capture: true });
    return;
  }
  element.title = element.dataset.rests ?? "";
  if (!element.title) element.removeAttribute("title");
  delete element.dataset.rests;
  element.removeAttribute("aria-disabled");
  element.removeEventListener("click", refuse, { capture: true });
}

/** On a control that changes something: while nobody answers it rests, can still be reached, and says why. */
export const vChange: Directive<HTMLElement, void> = {
  mounted(element) {
    resting.set(
      element,
      watchEffect(() => rest(element, isOffline.value)),
    );
  },
  unmounted(element) {
    resting.get(element)?.();
    resting.delete(element);
  },
};
