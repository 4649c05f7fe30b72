"""Where readings of what an execution uses go: few samples, in bounded memory and rows.

They are written with what their process writes anyway: the renewal of its leases, and the end of
the execution.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.clock import now
from app.services.usage import samples
from app.services.usage.samples import Sample
from workers.executors.base import Reading

log = logging.getLogger(__name__)

#: So many samples of one execution are kept; then neighbours are merged, and half of them stay.
MOST_SAMPLES = 1_800


@dataclass(slots=True)
class _Span:
    """A stretch of time, and what was used in it."""

    seconds: float
    sample: Sample

    def joined(self, other: "_Span") -> "_Span":
        """Return both as one: CPU on the mean, the greater memory, the end of the later."""
        seconds = self.seconds + other.seconds
        mine, its = self.sample, other.sample
        cpu = (mine.cpu_percent * self.seconds + its.cpu_percent * other.seconds) / seconds
        greater = max(mine, its, key=lambda sample: sample.memory_bytes)
        merged = Sample(its.at, cpu, greater.memory_bytes, greater.memory_percent)
        return _Span(seconds, merged)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples to write; with ``replaces`` instead of all that were written before."""

    samples: list[Sample]
    replaces: bool
    #: The state of the meter that it is of.
    thinned: int
    end: int


@dataclass(slots=True)
class Summary:
    """What an execution used as a whole, by its readings; ``None`` if there was none."""

    max_cpu_percent: float | None = None
    max_memory_bytes: int | None = None
    mean_memory_bytes: int | None = None


@dataclass(slots=True)
class UsageMeter:
    """The samples of one execution. ``note`` is called by one thread, the rest by any."""

    most: int = MOST_SAMPLES
    #: Is told each reading as a sample, at once.
    tell: Callable[[Sample], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spans: list[_Span] = field(default_factory=list)
    #: How many readings make a sample, how many the one in the making has, and that one.
    _stride: int = 1
    _gathered: int = 0
    _partial: _Span | None = None
    _written: int = 0
    _thinned: int = 0
    _is_stale: bool = False
    _seconds: float = 0.0
    _cpu_seconds: float = 0.0
    _watched_seconds: float = 0.0
    _memory_seconds: float = 0.0
    _summary: Summary = field(default_factory=Summary)

    def note(self, seconds: float, reading: Reading) -> None:
        """Note a reading, so many seconds after the work began."""
        if seconds <= self._seconds:  # another command of the same execution
            self._seconds = self._cpu_seconds = 0.0
        passed = max(seconds - self._seconds, 0.001)
        cpu = max(reading.cpu_seconds - self._cpu_seconds, 0.0) / passed * 100
        self._seconds, self._cpu_seconds = seconds, reading.cpu_seconds
        limit, memory = reading.memory_limit, reading.memory_bytes
        share = round(memory / limit * 100, 3) if limit else None
        sample = Sample(now(), round(cpu, 2), memory, share)
        with self._lock:
            self._sum_up(passed, sample)
            self._add(_Span(passed, sample))
        if self.tell is not None:
            self.tell(sample)

    def end(self) -> Summary:
        """Note that nothing more comes; return what was used as a whole."""
        with self._lock:
            self._close_partial()
            return self._summary

    def pending(self) -> Batch | None:
        """Return what is to be written, until :meth:`written` says that it is."""
        with self._lock:
            if self._written == len(self._spans):
                return None
            new = [span.sample for span in self._spans[self._written :]]
            return Batch(new, self._is_stale, self._thinned, len(self._spans))

    def written(self, batch: Batch) -> None:
        """Note that a batch is committed."""
        with self._lock:
            if batch.thinned == self._thinned:
                self._written, self._is_stale = batch.end, False

    def _sum_up(self, passed: float, sample: Sample) -> None:
        summary = self._summary
        self._watched_seconds += passed
        self._memory_seconds += passed * sample.memory_bytes
        summary.max_cpu_percent = max(summary.max_cpu_percent or 0.0, sample.cpu_percent)
        summary.max_memory_bytes = max(summary.max_memory_bytes or 0, sample.memory_bytes)
        summary.mean_memory_bytes = round(self._memory_seconds / self._watched_seconds)

    def _add(self, span: _Span) -> None:
        self._partial = span if self._partial is None else self._partial.joined(span)
        self._gathered += 1
        if self._gathered == self._stride:
            self._close_partial()
        if len(self._spans) >= self.most:
            self._thin()

    def _close_partial(self) -> None:
        if self._partial is not None:
            self._spans.append(self._partial)
            self._partial, self._gathered = None, 0

    def _thin(self) -> None:
        """Merge neighbours: half as many samples cover the same time."""
        pairs = zip(self._spans[::2], self._spans[1::2], strict=False)
        merged = [first.joined(second) for first, second in pairs]
        if len(self._spans) % 2:
            merged.append(self._spans[-1])
        self._spans = merged
        self._stride *= 2
        self._written, self._thinned, self._is_stale = 0, self._thinned + 1, True


def write(session: Session, meters: Iterable[tuple[str, int, UsageMeter]]) -> None:
    """Write what executions, given as (id, epoch, meter), have not written yet.

    What can't be written is tried again with the next; it never hinders what else the session
    writes.
    """
    batches = [(*one, batch) for one in meters if (batch := one[2].pending()) is not None]
    if not batches:
        return
    try:
        with session.begin_nested():
            for row_id, epoch, _, batch in batches:
                samples.write(session, row_id, epoch, batch.samples, replaces=batch.replaces)
    except SQLAlchemyError as error:
        log.warning("samples can't be written: %s", type(error).__name__)
        return
    for _, _, meter, batch in batches:
        after_commit(session, lambda meter=meter, batch=batch: meter.written(batch))  # type: ignore[misc]
