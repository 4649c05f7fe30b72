import { expect, it } from "vitest";
import { nextTick } from "vue";

import DecisionTrace from "@/components/DecisionTrace.vue";
import { speak } from "@/i18n";
import { useTold } from "@/lib/useTold";

import { mounted } from "./mounting";

const ID = "0123456789abcdef0123456789abcdef";
const skipped = { step: "policy", at: null, code: "skipped", text: "It was skipped. overlap.", params: { reason: { code: "overlap", params: { execution: ID }, text: "overlap" } } };

async function inVietnamese(look: () => void): Promise<void> {
  await speak("vi");
  await nextTick();
  try {
    look();
  } finally {
    await speak("en");
  }
}

it("says a decision and the reason in it, and makes a link of an execution, in both languages", async () => {
  const trace = mounted(DecisionTrace, { steps: [skipped] }, []);
  expect(trace.find(".text").text()).toContain("It was skipped. Execution …abcdef was in progress.");
  await inVietnamese(() => expect(trace.find(".text").text()).toContain("Đã bỏ qua. Lần chạy …abcdef chưa xong."));
});

it("says what it has no words for in the server's", () => {
  const steps = [{ ...skipped, code: "of_a_later_release" }, { ...skipped, code: null }];
  expect(mounted(DecisionTrace, { steps }, []).findAll(".text").map((one) => one.text())).toEqual([skipped.text, skipped.text]);
});

it("says words by language, states and moments", async () => {
  let told: ReturnType<typeof useTold> | undefined;
  mounted({ setup: () => ((told = useTold(() => "UTC")), () => null) }, {}, []);
  const words = { en: "Every minute", vi: "Mỗi phút" };
  const say = (code: string, params: Record<string, unknown>): string => told?.say({ code, params, text: "?" }) ?? "";
  expect(say("schedule_follows", { words })).toMatch(/^Every minute: /);
  expect(say("ended", { status: "timeout" })).toMatch(/timeout/i);
  expect(say("job_made", { at: "2001-02-03T04:05:06.000Z" })).not.toContain("T04");
  expect(say("schedule_due", { words, local: "2026-11-28T05:41:12+07:00" })).toBe("Every minute: 2026-11-28 05:41:12 UTC+7 is a due moment");
  expect(say("schedule_due", { words, local: "2026-11-28T05:41:12-03:30" })).toContain("05:41:12 UTC-3:30 is");
  expect(say("schedule_due", { words, local: "2026-11-28T05:41:12+00:00" })).toContain("05:41:12 UTC is");
  expect(say("caught_up", { execution: ID })).toBe("Execution …abcdef was missed");
  expect(told?.reasonOf({ reason: "the disk is full" })).toBe("the disk is full");
  expect(told?.reasonOf({ reason: "job paused", reason_code: "paused_job", reason_params: {} })).toBe("The job was paused");
  await inVietnamese(() => expect(say("schedule_follows", { words })).toMatch(/^Mỗi phút: /));
});
