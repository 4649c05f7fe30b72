import { expect, it } from "vitest";

import { after, nextLimit, pace, type Progress } from "@/pages/deadLetters/replaying";

const start: Progress = { total: 5, done: 0, refused: 0, isOver: false, wasStopped: false };

it("keeps a pace: one call a share of the minute, or large ones without a wait", () => {
  expect(pace(10)).toEqual({ limit: 1, waitMs: 6000 });
  expect(pace(0)).toEqual({ limit: 100, waitMs: 0 });
});

it("goes on while some are done and some remain", () => {
  const one = after(start, { done: 1, refused: 0, remaining: 4 });
  expect(one).toMatchObject({ done: 1, isOver: false });
  expect(after(one, { done: 4, refused: 0, remaining: 0 })).toMatchObject({ done: 5, isOver: true });
});

it("reaches past the refused, and ends when only they are left", () => {
  const one = after(start, { done: 1, refused: 2, remaining: 4 });
  expect(one.isOver).toBe(false);
  expect(nextLimit(1, one)).toBe(3);
  expect(after(start, { done: 0, refused: 1, remaining: 5 }).isOver).toBe(false);
  expect(after(one, { done: 0, refused: 2, remaining: 2 })).toMatchObject({ done: 1, refused: 2, isOver: true });
});
