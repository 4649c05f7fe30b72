/** What browsers have and jsdom has not: a stream that tells nothing. */
class SilentSource extends EventTarget {
  close(): void {
    // It was never open.
  }
}

globalThis.EventSource ??= SilentSource as unknown as typeof EventSource;
