import { describe, expect, it } from "vitest";

import { browserOf } from "@/lib/agent";

const LIKE_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";

describe("what a browser says of itself", () => {
  it.each([
    [`Mozilla/5.0 (X11; Linux x86_64) ${LIKE_CHROME} Safari/537.36`, "Chrome 140 · Linux"],
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${LIKE_CHROME} Safari/537.36 Edg/141.0.0.0`, "Edge 141 · Windows"],
    [`Mozilla/5.0 (Linux; Android 14; Pixel 8) ${LIKE_CHROME} Mobile Safari/537.36`, "Chrome 140 · Android"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143 · macOS"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari 18 · iOS"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari 18 · macOS"],
    ["curl/8.5.0", "curl/8.5.0"],
    ["oneoff/0.1 (python)", "oneoff/0.1"],
  ])("reads %s", (agent, words) => {
    expect(browserOf(agent)).toBe(words);
  });
});
