import { backoff } from "@/lib/backoff";

/** What the socket of an execution says. */
export type Message =
  | { type: "log"; number: number; stream: "stdout" | "stderr" | "system"; time: string; lines: string[] }
  | { type: "gap"; from: number; to: number }
  | { type: "status"; status: string }
  | { type: "metric"; timestamp: string; cpu_percent: number; memory_bytes: number; memory_percent: number | null }
  | { type: "end" };

export interface LogSocket {
  close: () => void;
}

const FULL = 4429;
const FULL_WAIT_MS = 30_000;
const ENDED = 1000;

/**
 * The socket of an execution; when it breaks it is opened again behind the last line.
 * `down` is told of each break, `ended` when nothing more comes.
 */
export function openLogSocket(
  executionId: string,
  after: () => number,
  told: { message: (message: Message) => void; up: () => void; down: () => void; ended: () => void },
): LogSocket {
  let socket: WebSocket | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  function open(): void {
    const base = location.origin.replace(/^http/, "ws");
    const mine = new WebSocket(`${base}/api/executions/${executionId}/logs/live?after=${after()}`);
    socket = mine;
    mine.onopen = () => {
      failures = 0;
      told.up();
    };
    mine.onmessage = (event: MessageEvent<string>) => {
      if (!isClosed) told.message(JSON.parse(event.data) as Message);
    };
    mine.onclose = ({ code }) => {
      if (isClosed) return;
      if (code === ENDED) {
        isClosed = true;
        told.ended();
        return;
      }
      failures += 1;
      told.down();
      retry = setTimeout(open, code === FULL ? FULL_WAIT_MS : backoff(failures));
    };
  }

  open();
  return {
    close() {
      isClosed = true;
      clearTimeout(retry);
      socket?.close();
    },
  };
}
