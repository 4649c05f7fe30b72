"""The families of /metrics: rows and counters as plain data, for the gateway to render."""

import platform
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from app import db
from app.domain import execution_state as state
from app.domain.specs import SPECS
from app.gateways import metrics
from app.gateways.metrics import Distribution, Family, Labels, Totals
from app.gateways.probes import Probe
from app.services import statistics, tallies, workers
from app.version import VERSION

#: Where each verdict counts in ``oneoff_jobs_total``: a timeout is a failure there.
_COARSE = {
    state.COMPLETED: "completed",
    state.CANCELLED: "cancelled",
    **dict.fromkeys(state.FAILURES, "failed"),
}
_RESULTS = ("success", "failed")


def observe_request(method: str, path: str, status: int, seconds: float) -> None:
    """Count one request that this process answered."""
    metrics.observe_request(method, path, status, seconds)


def observe_key(*, valid: bool) -> None:
    """Count one API key that this process checked."""
    metrics.observe_key("success" if valid else "failed")


def exposition() -> bytes:
    """Return all metrics as text; while the database is away, those of this process."""
    found = _ledger.ask()
    families = found.value or []
    return metrics.render([*_process(is_database_up=not found.fault), *families])


def _collect() -> list[Family | Distribution]:
    with db.reading() as session:
        return [*_workers(session), *_ends(session), *_queues(session), *_events(session)]


#: However many scrapers there are, the database is asked once a second, and never waited for.
_ledger = Probe(_collect, limit_seconds=5.0)


def content_type() -> str:
    """Return the content type of the exposition."""
    return metrics.CONTENT_TYPE


def _gauge(name: str, text: str, value: float) -> Family:
    return Family("gauge", name, text, (), {(): value})


def _process(*, is_database_up: bool) -> Iterator[Family]:
    yield _gauge(
        "oneoff_uptime_seconds", "Time since this process started.", metrics.uptime_seconds()
    )
    yield _gauge("oneoff_database_up", "Whether the database answers.", float(is_database_up))
    build: Mapping[Labels, float] = {(VERSION, platform.python_version()): 1}
    yield Family(
        "gauge", "oneoff_build_info", "What this process runs.", ("version", "python"), build
    )


def _workers(session: Session) -> Iterator[Family]:
    status = workers.status(session)
    yield _gauge("oneoff_workers_total", "Run slots of living workers.", status["total_workers"])
    yield _gauge("oneoff_workers_active", "Run slots at work.", status["active_workers"])
    yield _gauge("oneoff_jobs_queued", "Executions that wait for a slot.", status["queued_jobs"])
    lanes = statistics.lanes(session)
    yield Family(
        "gauge",
        "oneoff_worker_up",
        "Living worker processes.",
        ("lane",),
        {(lane,): up for lane, (up, _) in lanes.items()},
    )
    yield Family(
        "gauge",
        "oneoff_worker_consuming",
        "Worker processes that take messages.",
        ("lane",),
        {(lane,): consuming for lane, (_, consuming) in lanes.items()},
    )


def _ends(session: Session) -> Iterator[Family | Distribution]:
    none = {(kind, verdict): 0.0 for kind in SPECS for verdict in _COARSE}
    fine: dict[Labels, float] = {}
    coarse: dict[Labels, float] = defaultdict(float)
    durations: dict[Labels, Totals] = defaultdict(lambda: Totals(0, 0))
    for (kind, verdict), count in (none | statistics.ends(session)).items():
        fine[kind, verdict] = count
        coarse[kind, _COARSE.get(verdict, verdict)] += count
        durations[kind,] = durations[kind,].plus(count, 0)
    for (kind, _), seconds in statistics.seconds(session).items():
        durations[kind,] = durations[kind,].plus(0, seconds)
    labels = ("type", "status")
    yield Family(
        "counter", "oneoff_jobs", "Executions ended; failed includes timeouts.", labels, coarse
    )
    yield Family("counter", "oneoff_executions", "Executions ended, by verdict.", labels, fine)
    yield Distribution(
        "oneoff_job_duration_seconds", "Time that executions took.", ("type",), durations
    )


def _queues(session: Session) -> Iterator[Family]:
    queues = statistics.queues(session)
    yield Family(
        "gauge",
        "oneoff_queue_depth",
        "Executions that wait for a slot of the queue.",
        ("queue",),
        {(queue,): depth for queue, (depth, _) in queues.items()},
    )
    yield Family(
        "gauge",
        "oneoff_queue_oldest_seconds",
        "For how long the first in the queue has been due.",
        ("queue",),
        {(queue,): oldest for queue, (_, oldest) in queues.items()},
    )


def _events(session: Session) -> Iterator[Family | Distribution]:
    events = tallies.totals(session, "events")
    suppressed = events.get("stale_results", 0) + events.get("duplicates", 0)
    for name, text, value in (
        ("oneoff_claims", "Executions taken by workers.", events.get("claims", 0)),
        ("oneoff_duplicates_suppressed", "Second results and starts refused.", suppressed),
        ("oneoff_repairs", "Wake-ups lost and mended.", events.get("repairs", 0)),
    ):
        yield Family("counter", name, text, (), {(): value})
    yield _lateness(session)
    name, text = "oneoff_webhook_deliveries", "Webhook deliveries ended."
    ended = tallies.totals(session, "webhooks")
    results: dict[Labels, float] = {(result,): ended.get(result, 0.0) for result in _RESULTS}
    yield Family("counter", name, text, ("result",), results)


def _lateness(session: Session) -> Distribution:
    found = tallies.totals(session, "lateness")
    so_far, buckets = 0.0, []
    for bound in (*tallies.LATENESS_BUCKETS, float("inf")):
        so_far += found.get(str(bound), 0)
        buckets.append(("+Inf" if bound == float("inf") else str(bound), so_far))
    return Distribution(
        "oneoff_start_lateness_seconds",
        "How much later than its moment each execution started.",
        (),
        {(): Totals(so_far, found.get("sum", 0), tuple(buckets))},
    )
