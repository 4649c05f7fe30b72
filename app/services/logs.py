"""What executions printed: line by line, whole, or composed for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import ExecutionLog

DEFAULT_LIMIT = 1000
MAX_LIMIT = 10_000
#: The detail of an execution shows so many bytes of its output.
DETAIL_BYTES = 1_048_576
SEPARATOR = "--- STDERR ---\n"
_CHUNKS_A_READ = 16


@dataclass(frozen=True, slots=True)
class Line:
    """A line of output; ``number`` counts over all streams, from 1."""

    number: int
    stream: str
    time: datetime
    text: str
    #: It stands for lines that were left out, and counts as none.
    is_gap: bool = False

    def wire(self) -> dict[str, Any]:
        """Return the line as it goes on the wire."""
        return {
            "number": self.number,
            "stream": self.stream,
            "time": self.time,
            "text": self.text,
        }


def lines(session: Session, execution_id: str, after: int, limit: int) -> list[dict[str, Any]]:
    """Return up to ``limit`` lines behind ``after``, and before each gap a line that tells it."""
    found: list[Line] = []
    left = limit
    for line in _lines(session, execution_id, after):
        if not left:
            break
        found.append(line)
        left -= not line.is_gap
    if found and found[-1].is_gap:  # whoever goes on behind its number would be told twice
        found.pop()
    return [line.wire() for line in found]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one stream that came at one moment; ``number`` is that of the first."""

    number: int
    stream: str
    time: datetime
    lines: list[str]


def blocks(session: Session, execution_id: str, after: int, limit: int) -> list[Block]:
    """Return blocks with about ``limit`` lines behind ``after``; gaps show in their numbers.

    The first may begin before that.
    """
    found: list[Block] = []
    count = 0
    while count < limit and (chunks := _chunks(session, execution_id, after)):
        after = chunks[-1].last_number
        for block in (block for chunk in chunks for block in _blocks(chunk)):
            found.append(block)
            count += len(block.lines)
    return found


def last_number(session: Session, execution_id: str) -> int:
    """Return the number of the last line that is there; 0 if there is none."""
    query = sa.select(sa.func.max(ExecutionLog.last_number))
    return session.scalar(query.where(ExecutionLog.execution_id == execution_id)) or 0


def text_after(session: Session, execution_id: str, after: int) -> tuple[str, int]:
    """Return the next piece of the output as text and the number of its last line."""
    chunks = _chunks(session, execution_id, after)
    text = "".join(f"{line.text}\n" for line in _walk(chunks, after))
    return text, chunks[-1].last_number if chunks else after


def composed(session: Session, execution_id: str) -> tuple[str, bool]:
    """Return the end of the output, stdout before stderr, and whether something is left out."""
    chunks = _last_chunks(session, execution_id)
    texts: dict[str, list[str]] = {"stdout": [], "stderr": [], "system": []}
    previous = chunks[0].first_number - 1 if chunks else 0
    for chunk in chunks:
        if chunk.first_number > previous + 1:
            texts["stdout"].append(_gap(previous + 1, chunk).text + "\n")
        for stream, _, text in orjson.loads(chunk.body):
            texts[stream].append(text)
        previous = chunk.last_number
    data = _joined("".join(texts["stdout"]), "".join(texts["stderr"])).encode()
    is_cut = len(data) > DETAIL_BYTES or bool(chunks and chunks[0].first_number > 1)
    return data[-DETAIL_BYTES:].decode(errors="ignore"), is_cut


def _joined(out: str, err: str) -> str:
    if not (out and err):
        return out or err
    return out + ("" if out.endswith("\n") else "\n") + SEPARATOR + err


def _last_chunks(session: Session, execution_id: str) -> list[ExecutionLog]:
    query = (
        sa.select(ExecutionLog)
        .where(ExecutionLog.execution_id == execution_id)
        .order_by(ExecutionLog.first_number.desc())
        .limit(_CHUNKS_A_READ)
    )
    chunks = found = list(session.scalars(query))
    while found and sum(len(chunk.body) for chunk in chunks) < 2 * DETAIL_BYTES:
        earlier = query.where(ExecutionLog.first_number < chunks[-1].first_number)
        found = list(session.scalars(earlier))
        chunks = chunks + found
    return chunks[::-1]


def _lines(session: Session, execution_id: str, after: int) -> Iterator[Line]:
    while chunks := _chunks(session, execution_id, after):
        yield from _walk(chunks, after)
        after = chunks[-1].last_number


def _chunks(session: Session, execution_id: str, after: int) -> Sequence[ExecutionLog]:
    query = (
        sa.select(ExecutionLog)
        .where(ExecutionLog.execution_id == execution_id, ExecutionLog.first_number > after)
        .order_by(ExecutionLog.first_number)
        .limit(_CHUNKS_A_READ)
    )
    found = list(session.scalars(query))
    before = (
        sa.select(ExecutionLog.first_number, ExecutionLog.last_number)
        .where(ExecutionLog.execution_id == execution_id, ExecutionLog.first_number <= after)
        .order_by(ExecutionLog.first_number.desc())
        .limit(1)
    )
    nearest = session.execute(before).first()
    if nearest is None or nearest.last_number <= after:  # the usual case needs no body
        return found
    holder = session.get(ExecutionLog, (execution_id, nearest.first_number))
    return found if holder is None else [holder, *found]


def _walk(chunks: Sequence[ExecutionLog], after: int) -> Iterator[Line]:
    """Yield the lines of chunks behind ``after``."""
    for chunk in chunks:
        if chunk.first_number > after + 1:
            yield _gap(after + 1, chunk)
        yield from (line for line in _read(chunk) if line.number > after)
        after = chunk.last_number


def _read(chunk: ExecutionLog) -> Iterator[Line]:
    for block in _blocks(chunk):
        for number, text in enumerate(block.lines, block.number):
            yield Line(number, block.stream, block.time, text)


def _blocks(chunk: ExecutionLog) -> Iterator[Block]:
    number = chunk.first_number
    for stream, milliseconds, text in orjson.loads(chunk.body):
        time = chunk.logged_at + timedelta(milliseconds=milliseconds)
        block = Block(number, stream, time, text.removesuffix("\n").split("\n"))
        yield block
        number += len(block.lines)


def _gap(first: int, chunk: ExecutionLog) -> Line:
    last = chunk.first_number - 1
    span = f"line {first}" if first == last else f"lines {first}\u2013{last}"
    text = f"{span} left out: the output was longer than MAX_OUTPUT_BYTES"
    return Line(first, "system", chunk.logged_at, text, is_gap=True)
