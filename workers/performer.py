"""Performing one attempt: the executor of its kind, from its context to its result."""

import json
import logging
import threading
import time
import traceback
from dataclasses import dataclass, field, replace

from app.domain.masking import NOTHING, Masker, masker_for
from app.domain.specs import Spec
from app.domain.traces import Point
from app.services import tracing
from app.services.executions import Result
from workers import fuse
from workers.calls import below
from workers.executors.base import Context, Executor, Options, Outcome, Output, Parameters
from workers.executors.refusal import Refusal
from workers.executors.registry import EXECUTORS
from workers.feed import Feed
from workers.flights import Flight
from workers.log_sink import Chunk, LogSink, without_secrets
from workers.specs import order_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """An attempt that was run and waits to be settled."""

    flight: Flight
    result: Result
    chunks: list[Chunk]


@dataclass
class Performer:
    """Runs attempts; each slot (a thread) has executors of its own."""

    options: Options
    feed: Feed
    _local: threading.local = field(default_factory=threading.local)

    def perform(self, flight: Flight) -> Ended:
        """Run an attempt to its end; what goes wrong is in its result."""
        is_told = self.feed.began(flight.claim)
        with tracing.begin_attempt(flight.claim) as span:
            try:
                outcome = _masked(self._outcome(flight, span.point), flight)
            finally:
                fuse.burn_until(None)
            took = time.monotonic() - flight.began
            tracing.end_attempt(span, flight.claim, outcome.verdict, outcome.error_code, took)
        if is_told:
            self.feed.ended(flight.claim, outcome, took)
        result = _result(outcome, flight)
        return Ended(flight, result, _remaining(flight.sink))

    def _outcome(self, flight: Flight, point: Point) -> Outcome:
        claim = flight.claim
        try:
            order = order_of(claim)
        except Refusal as refusal:
            return refusal.outcome()
        flight.secrets += order.secrets
        try:
            return self._run(flight, order.spec, point)
        except Exception as error:
            what = _masker(flight).excerpt(traceback.format_exc())
            log.error("the executor %s broke on execution %s: %s", claim.type, claim.id, what)  # noqa: TRY400 - the traceback without the secrets
            return Outcome("failed", None, f"Execution error: {error}", "EXECUTOR_ERROR")

    def _run(self, flight: Flight, spec: Spec, point: Point) -> Outcome:
        with without_secrets(flight.sink, _masker(flight)) as output:
            context = _context(flight, spec, output, point)
            fuse.burn_until(context.deadline)
            return self._executor(flight.claim.type).perform(spec, context)

    def _executor(self, kind: str) -> Executor:
        """Return this slot's executor; each slot has instances of its own."""
        mine: dict[str, Executor] | None = getattr(self._local, "executors", None)
        if mine is None:
            mine = self._local.executors = {}
        if kind not in mine:
            mine[kind] = EXECUTORS[kind](self.options)
        return mine[kind]


def _masker(flight: Flight) -> Masker:
    return masker_for(flight.secrets) if flight.secrets else NOTHING


def _masked(outcome: Outcome, flight: Flight) -> Outcome:
    if not flight.secrets or not outcome.error:
        return outcome
    return replace(outcome, error=_masker(flight).excerpt(outcome.error))


def _context(flight: Flight, spec: Spec, output: Output, point: Point) -> Context:
    claim = flight.claim
    seconds = claim.timeout_seconds or spec.limit_seconds()
    given = json.loads(claim.parameters) if claim.parameters else {}
    args = given.get("args")
    return Context(
        execution_id=claim.id,
        root_execution_id=claim.root_execution_id,
        job_id=claim.job_id,
        job_name=claim.job_name,
        attempt=claim.attempt,
        deadline=flight.began + seconds if seconds else None,
        traceparent=str(point),
        parameters=Parameters(
            given.get("env") or {}, None if args is None else tuple(args), given.get("body")
        ),
        output=output,
        stop=flight.stop,
        epoch=claim.epoch,
        masker=_masker(flight),
        meter=flight.meter,
        calls=below(point) if tracing.is_on() else None,
    )


def _result(outcome: Outcome, flight: Flight) -> Result:
    used = flight.meter.end()
    return Result(
        verdict=outcome.verdict,
        waited_ms=round((flight.began - flight.claimed) * 1000),
        duration_ms=round((time.monotonic() - flight.began) * 1000),
        exit_code=outcome.exit_code,
        error=outcome.error,
        error_code=outcome.error_code,
        output_tail=flight.sink.tail() or None,
        output_truncated=flight.sink.truncated,
        cpu_seconds=outcome.usage.cpu_seconds,
        max_rss_bytes=_peak(outcome.usage.max_rss_bytes, used.max_memory_bytes),
        max_cpu_percent=used.max_cpu_percent,
        mean_rss_bytes=used.mean_memory_bytes,
        retry_after_seconds=outcome.retry_after_seconds,
        is_permanent=outcome.is_permanent,
    )


def _peak(of_one: int | None, of_all: int | None) -> int | None:
    """Return the greater of what any one process had, and what all together were seen to have."""
    return max((one for one in (of_one, of_all) if one is not None), default=None)


def _remaining(sink: LogSink) -> list[Chunk]:
    chunks = []
    while (chunk := sink.take(final=True)) is not None:
        chunks.append(chunk)
    return chunks
