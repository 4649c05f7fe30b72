import { onScopeDispose, ref, type Ref, type ShallowRef, shallowRef, watch } from "vue";

import { api, body } from "@/api/client";
import { i18n } from "@/i18n";

import { type LogSocket, type Message, openLogSocket } from "./logSocket";

export interface Line {
  number: number;
  stream: "stdout" | "stderr" | "system";
  time: string;
  text: string;
}

/** Figures of what runs, as they come. */
export type Metric = Extract<Message, { type: "metric" }>;

/** So many lines are kept in the page; older ones are asked for again. */
const MOST_LINES = 200_000;
const PAGE = 10_000;
const POLL_MS = 1_000;
const FAILED_MS = 5_000;
/** What comes within so short a time is shown at once. */
const SHOW_MS = 50;

const sizeOf = (lines: readonly Line[]): number => lines.reduce((sum, line) => sum + line.text.length + 1, 0);

/**
 * The lines of an execution, each once and in order. While it runs they come through a socket;
 * while that is broken they are asked for, and so are those of what has ended.
 */
export function useLog(executionId: () => string, isRunning: () => boolean): {
  lines: Ref<readonly Line[]>;
  error: Ref<unknown>;
  isReady: Ref<boolean>;
  bytes: Ref<number>;
  metric: ShallowRef<Metric | null>;
} {
  const lines = shallowRef<readonly Line[]>([]);
  const error = ref<unknown>(null);
  const isReady = ref(false);
  const bytes = ref(0);
  const metric = shallowRef<Metric | null>(null);
  let last = 0;
  let fresh: Line[] = [];
  /** The first line that was left out for us only: it is asked for when all is over. */
  let missing = 0;
  let showing: ReturnType<typeof setTimeout> | undefined;
  let polling: ReturnType<typeof setTimeout> | undefined;
  let socket: LogSocket | undefined;
  let round = 0;

  function show(): void {
    clearTimeout(showing);
    showing = undefined;
    if (!fresh.length) return;
    const joined = [...lines.value, ...fresh];
    const tooMany = Math.max(joined.length - MOST_LINES, 0);
    bytes.value += sizeOf(fresh) - (tooMany ? sizeOf(joined.slice(0, tooMany)) : 0);
    lines.value = tooMany ? joined.slice(tooMany) : joined;
    fresh = [];
  }

  /** Add lines, but for those that are there; both ways bring them without holes. */
  function add(found: readonly Line[]): void {
    const known = last;
    for (const line of found) {
      if (line.number <= known) continue;
      fresh.push(line);
      last = line.number;
    }
    if (found.length) isReady.value = true;
    showing ??= setTimeout(show, SHOW_MS);
  }

  function hear(message: Message): void {
    if (message.type === "log") {
      const { number, stream, time } = message;
      add(message.lines.map((text, at) => ({ number: number + at, stream, time, text })));
    } else if (message.type === "gap" && message.to > last) {
      missing ||= last + 1;
      const time = new Date().toISOString();
      add([{ number: message.from, stream: "system", time, text: i18n.global.t("log.gap", { from: message.from, to: message.to }) }]);
      last = message.to;
    } else if (message.type === "metric") metric.value = message;
    else if (message.type === "status") isReady.value = true;
  }

  /** Ask for what is there behind the last line. */
  async function load(mine: number): Promise<void> {
    for (;;) {
      const path = { execution_id: executionId() };
      const page = await body(api.GET("/api/executions/{execution_id}/logs", { params: { path, query: { after: last, limit: PAGE } } }));
      if (mine !== round) return;
      const found = (page.data ?? []) as Line[];
      add(found);
      [error.value, isReady.value] = [null, true];
      if (found.length < PAGE) break;
    }
    show();
  }

  /** Ask now, and again and again for as long as that is wanted. */
  async function poll(mine: number, isWanted: () => boolean): Promise<void> {
    clearTimeout(polling);
    let wait = POLL_MS;
    let hasFailed = false;
    try {
      await load(mine);
    } catch (reason) {
      if (mine !== round) return;
      [error.value, wait, hasFailed] = [reason, FAILED_MS, true];
    }
    if (mine === round && (hasFailed || isWanted())) polling = setTimeout(() => void poll(mine, isWanted), wait);
  }

  /** What was left out because we were too slow is in the rows by now. */
  function fill(mine: number): void {
    show();
    if (missing) {
      lines.value = lines.value.filter((line) => line.number < missing);
      bytes.value = sizeOf(lines.value);
      [last, missing] = [missing - 1, 0];
    }
    void poll(mine, () => false);
  }

  function stop(): void {
    round += 1;
    socket?.close();
    socket = undefined;
    clearTimeout(polling);
  }

  function begin(): void {
    stop();
    const mine = round;
    if (!isRunning()) {
      fill(mine);
      return;
    }
    let isUp = false;
    socket = openLogSocket(executionId(), () => last, {
      message: hear,
      up() {
        [isUp, error.value] = [true, null];
        clearTimeout(polling);
      },
      down() {
        isUp = false;
        void poll(mine, () => !isUp);
      },
      ended: () => fill(mine),
    });
  }

  function look(): void {
    if (document.hidden) stop();
    else if (!socket) begin();
  }

  watch(
    executionId,
    () => {
      [last, missing, fresh, lines.value, bytes.value] = [0, 0, [], [], 0];
      [isReady.value, metric.value] = [false, null];
      begin();
    },
    { immediate: true },
  );
  // Once more when it has ended: the last lines may have come after the last question.
  watch(isRunning, begin);
  document.addEventListener("visibilitychange", look);
  onScopeDispose(() => {
    stop();
    clearTimeout(showing);
    document.removeEventListener("visibilitychange", look);
  });
  return { lines, error, isReady, bytes, metric };
}
