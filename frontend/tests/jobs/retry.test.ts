import { expect, it } from "vitest";

import { i18n } from "@/i18n";
import { emptyRetry, FAILURE_KINDS, fromRetryRequest, PRESET_NAMES, type RetryForm, rhythmOf, toRetryRequest } from "@/pages/jobs/editor/fails/retryForm";
import { retryText, secondsText } from "@/pages/jobs/editor/fails/words";

const t = i18n.global.t as never;

it("spells the delays out, as the server keeps them", () => {
  expect(rhythmOf("claude-jobs").delays).toEqual([1, 2, 4, 8]);
  expect(rhythmOf("taskflow").delays).toEqual([60, 60, 60]);
  expect(rhythmOf("enterprise", 10).delays).toEqual([5, 15, 60, 300, 1800, 1800, 1800, 1800, 1800, 1800]);
  expect(rhythmOf({ max_retries: 8, base_seconds: 10 }, 8).delays).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  expect(rhythmOf({ max_retries: 2, base_seconds: 900 }).delays).toEqual([900, 900]);
  expect(rhythmOf({ max_retries: 3, strategy: "fixed", base_seconds: 20, cap_seconds: 20 }).delays).toEqual([20, 20, 20]);
  expect(rhythmOf(null)).toEqual({ retries: 0, delays: [], more: false, jitter: 0 });
  expect(rhythmOf("enterprise").more).toBe(true);
});

it("says them in words", () => {
  expect(retryText("taskflow", t)).toBe("3 retries after 1 min each.");
  expect(retryText("claude-jobs", t)).toBe("4 retries after 1 s, 2 s, 4 s, 8 s.");
  expect(retryText("enterprise", t)).toBe("10 retries after 5 s, 15 s, 1 min, 5 min, 30 min, 30 min …. Up to 10 % is added by chance.");
  expect(retryText(null, t)).toBe("A failed attempt is not repeated.");
  expect([0.5, 30, 90, 120, 7200, 172_800].map(secondsText)).toEqual(["0.5 s", "30 s", "1 m 30 s", "2 min", "2 h", "2 d"]);
});

const OWN: Partial<RetryForm>[] = [
  { strategy: "exponential", base: 5, factor: 3, cap: 600 },
  { strategy: "fixed", base: 12.5 },
  { strategy: "list", delays: "5, 15, 60" },
  { jitter: 0, on: ["timeout"] },
  { jitter: 12.5, on: [...FAILURE_KINDS], maxRetries: 1000 },
];

it.each(OWN)("means the same after a way through the API: %j", (own) => {
  const request = toRetryRequest({ ...emptyRetry(), mode: "own", ...own });
  expect(toRetryRequest(fromRetryRequest(request))).toEqual(request);
});

it.each(PRESET_NAMES)("knows the preset %s again, as the API shows it", (preset) => {
  expect(fromRetryRequest(preset).mode).toBe(preset);
  const shown = { preset, ...({ taskflow: { max_retries: 3, strategy: "fixed", base_seconds: 60, factor: 2, cap_seconds: 300, delays: [], jitter: 0, retry_on: ["exit_code"] }, "claude-jobs": { max_retries: 4, jitter: 0, base_seconds: 1, retry_on: ["error", "exit_code", "timeout"] }, enterprise: { max_retries: 10, delays: [5, 15, 60, 300, 1800] } } as const)[preset] };
  expect(fromRetryRequest(shown).mode).toBe(preset);
  expect(fromRetryRequest({ ...shown, max_retries: 7 })).toMatchObject({ mode: "own", maxRetries: 7 });
});

it("takes none for none", () => {
  expect(toRetryRequest(fromRetryRequest(null))).toBeNull();
  expect(toRetryRequest(fromRetryRequest({ max_retries: 0 }))).toBeNull();
});
