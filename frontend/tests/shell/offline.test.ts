import { mount } from "@vue/test-utils";
import { afterEach, expect, it } from "vitest";
import { defineComponent, h, nextTick, withDirectives } from "vue";

import { isOffline, vChange } from "@/lib/offline";

afterEach(() => (isOffline.value = false));

function button(title?: string) {
  const pressed: string[] = [];
  const tag = () => h("form", { onSubmit: () => pressed.push("submit") }, [withDirectives(h("button", { title, type: "button", onClick: () => pressed.push("click") }), [[vChange]])]);
  return { pressed, found: mount(defineComponent({ setup: () => tag })).find("button") };
}

it("what changes something rests while nobody answers, and says why", async () => {
  const { pressed, found } = button("Run now");
  await found.trigger("click");
  isOffline.value = true;
  await nextTick();
  await found.trigger("click");
  expect(pressed).toEqual(["click"]);
  expect(found.attributes()).toMatchObject({ "aria-disabled": "true", title: expect.stringMatching(/^Offline/) as string });
  expect(found.attributes("disabled")).toBeUndefined();
  isOffline.value = false;
  await nextTick();
  await found.trigger("click");
  expect(pressed).toEqual(["click", "click"]);
  expect(found.attributes("title")).toBe("Run now");
  expect(found.attributes("aria-disabled")).toBeUndefined();
});

it("rests from the beginning where it comes while nobody answers, and leaves no empty title behind", async () => {
  isOffline.value = true;
  const { found } = button();
  expect(found.attributes("aria-disabled")).toBe("true");
  isOffline.value = false;
  await nextTick();
  expect(found.attributes("title")).toBeUndefined();
});
