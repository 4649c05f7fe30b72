"""Where output goes: numbered lines in bounded memory, written to the ledger in chunks.

The first half of MAX_OUTPUT_BYTES is kept as it comes. Beyond it a window of the same size
moves along with the end: what falls out of it is dropped, and the gap in the numbers tells.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from app.domain.clock import now
from app.domain.masking import Masker, StreamMasker
from workers.executors.base import Stream

#: A line longer than this is broken, so that one endless line can't fill the memory.
LONGEST_LINE = 65_536
TAIL_BYTES = 16_384
SEPARATOR = "--- STDERR ---\n"
#: A chunk is written at most so long after its first line came.
FLUSH_SECONDS = 0.15
#: While the window moves, no more than about this many bytes a second are written.
WINDOW_BYTES_A_SECOND = 1_048_576


#: Hears of lines as they come: execution, number of the first, stream, moment, lines.
Tell = Callable[[str, int, str, datetime, bytes], None]


@dataclass(slots=True)
class _Block:
    """Whole lines of one stream, read at one moment."""

    first: int
    count: int
    stream: Stream
    at: datetime
    data: bytes


@dataclass(slots=True)
class Chunk:
    """Lines to write, and the first numbers of earlier chunks to drop for them."""

    first: int
    last: int
    at: datetime
    body: str
    drop: list[int]


class LogSink:
    """The output of one execution. ``write`` is called by one thread, ``take`` by any."""

    def __init__(self, execution_id: str, limit: int, tell: Tell | None = None) -> None:
        self.execution_id = execution_id
        self._tell = tell
        self.truncated = False
        self._half = max(limit // 2, 512)
        self._lock = threading.Lock()
        self._rest: dict[Stream, bytes] = {}
        self._tails: dict[Stream, bytes] = {}
        self._pending: deque[_Block] = deque()
        self._pending_bytes = 0
        self._next_number = 1
        self._head_bytes = 0
        self._window: deque[tuple[int, int]] = deque()
        self._window_bytes = 0
        self._flush_at = 0.0
        self._returned: deque[Chunk] = deque(maxlen=8)

    def write(self, stream: Stream, data: bytes) -> None:
        """Add a block; whole lines get their numbers, the rest waits for its end."""
        if not data:
            return
        with self._lock:
            self._keep_tail(stream, data)
            data = self._rest.pop(stream, b"") + data
            end = data.rfind(b"\n") + 1
            lines, rest = data[:end], data[end:]
            while len(rest) > LONGEST_LINE:
                lines += rest[:LONGEST_LINE] + b"\n"
                rest = rest[LONGEST_LINE:]
            if rest:
                self._rest[stream] = rest
            self._append(stream, lines)

    def due(self, moment: float) -> bool:
        """Return whether a chunk waits to be written at this monotonic moment."""
        return bool(self._pending or self._returned) and moment >= self._flush_at

    def take(self, *, final: bool = False) -> Chunk | None:
        """Return what is to be written now; ``final`` also ends the unfinished lines."""
        with self._lock:
            if final:
                for stream, rest in list(self._rest.items()):
                    self._append(stream, rest + b"\n")
                self._rest.clear()
            if self._returned:
                return self._returned.popleft()
            return self._chunk() if self._pending else None

    def give_back(self, chunk: Chunk) -> None:
        """Keep a chunk that could not be written; the next :meth:`take` returns it first."""
        with self._lock:
            self._returned.append(chunk)
            self._flush_at = time.monotonic() + 1

    def tail(self) -> str:
        """Return the end of the output for lists, at most 16 KiB: stdout, separator, stderr."""
        out, err = self._tails.get("stdout", b""), self._tails.get("stderr", b"")
        text = _text(out)
        if err:
            text += (SEPARATOR if not text or text.endswith("\n") else "\n" + SEPARATOR) * bool(out)
            text += _text(err)
        kept = text.encode()[-TAIL_BYTES:]
        return kept.decode(errors="ignore")

    def _keep_tail(self, stream: Stream, data: bytes) -> None:
        if stream == "system":
            return
        kept = self._tails.get(stream, b"") + data[-TAIL_BYTES:]
        self._tails[stream] = kept[-TAIL_BYTES:]

    def _append(self, stream: Stream, lines: bytes) -> None:
        if not lines:
            return
        count = lines.count(b"\n")
        block = _Block(self._next_number, count, stream, now(), lines)
        self._next_number += count
        if self._tell is not None:
            self._tell(self.execution_id, block.first, stream, block.at, lines)
        if not self._pending:
            self._flush_at = time.monotonic() + self._pace()
        if len(lines) > self._half:
            _cut_front(block, self._half)
            self.truncated = True
        self._pending.append(block)
        self._pending_bytes += len(block.data)
        self._drop_old()

    def _pace(self) -> float:
        if self._head_bytes < self._half:
            return FLUSH_SECONDS
        return max(1.0, min(self._half, 8 * WINDOW_BYTES_A_SECOND) / WINDOW_BYTES_A_SECOND)

    def _drop_old(self) -> None:
        """Keep what waits to be written within the window; the head goes out before that."""
        room = self._half + max(self._half - self._head_bytes, 0)
        while self._pending_bytes > room and len(self._pending) > 1:
            index = self._first_beyond_head()
            gone = self._pending[index]
            del self._pending[index]
            self._pending_bytes -= len(gone.data)
            self.truncated = True

    def _first_beyond_head(self) -> int:
        room = self._half - self._head_bytes
        for index, block in enumerate(self._pending):
            room -= len(block.data)
            if room < 0:
                return min(index, len(self._pending) - 2)
        return 0

    def _chunk(self) -> Chunk:
        blocks = self._take_run()
        size = sum(len(b.data) for b in blocks)
        chunk = Chunk(
            blocks[0].first,
            blocks[-1].first + blocks[-1].count - 1,
            blocks[0].at,
            _body(blocks),
            [],
        )
        if self._head_bytes + size <= self._half:
            self._head_bytes += size
            return chunk
        self._head_bytes = max(self._head_bytes, self._half)
        self._window.append((chunk.first, size))
        self._window_bytes += size
        while self._window_bytes > self._half and len(self._window) > 1:
            first, gone = self._window.popleft()
            self._window_bytes -= gone
            chunk.drop.append(first)
            self.truncated = True
        return chunk

    def _take_run(self) -> list[_Block]:
        """Take pending blocks without a gap, at most what is left of the head or 256 KiB."""
        limit = max(self._half - self._head_bytes, min(self._half, 262_144))
        blocks = [self._pending.popleft()]
        size = len(blocks[0].data)
        while self._pending:
            following = self._pending[0]
            gap = following.first != blocks[-1].first + blocks[-1].count
            if gap or size + len(following.data) > limit:
                break
            blocks.append(self._pending.popleft())
            size += len(following.data)
        self._pending_bytes -= size
        return blocks


class MaskedOutput:
    """An output without the secrets of its execution, which takes the place of its sink."""

    def __init__(self, sink: LogSink, masker: Masker) -> None:
        self._sink = sink
        self._masker = masker
        self._streams: dict[Stream, StreamMasker] = {}

    def write(self, stream: Stream, data: bytes) -> None:
        """Pass a block on but for what may be the beginning of a secret."""
        if stream not in self._streams:
            self._streams[stream] = self._masker.stream()
        self._sink.write(stream, self._streams[stream].feed(data))

    def end(self) -> None:
        """Pass on what was held back; nothing more comes."""
        for stream, masked in self._streams.items():
            self._sink.write(stream, masked.end())


@contextmanager
def without_secrets(sink: LogSink, masker: Masker) -> Iterator[LogSink | MaskedOutput]:
    """Give what an executor writes to; without secrets that is the sink itself."""
    if masker.is_idle:
        yield sink
        return
    output = MaskedOutput(sink, masker)
    try:
        yield output
    finally:
        output.end()


def _body(blocks: list[_Block]) -> str:
    base = blocks[0].at
    return json.dumps(
        [[b.stream, _milliseconds(b.at, base), _text(b.data)] for b in blocks],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _milliseconds(at: datetime, base: datetime) -> int:
    return round((at - base).total_seconds() * 1000)


def _text(data: bytes) -> str:
    """Return bytes as text a database can hold: invalid UTF-8 and NUL become U+FFFD."""
    return data.decode("utf-8", errors="replace").replace("\x00", "\ufffd")


def _cut_front(block: _Block, size: int) -> None:
    """Keep the last whole lines of a block that fit into ``size`` bytes."""
    start = block.data.find(b"\n", len(block.data) - size - 1) + 1
    gone = block.data.count(b"\n", 0, start)
    block.first, block.count, block.data = (
        block.first + gone,
        block.count - gone,
        block.data[start:],
    )
