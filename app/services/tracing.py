"""Traces over the ledger: a row carries its place in a trace, so spans of all processes join.

Attributes leave the house. They are ids, names and codes: never what a job was given, what it
printed, or a part of an address that may be secret.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain import execution_state as state
from app.domain import traces
from app.domain.traces import Point
from app.domain.web_address import check_url
from app.gateways import telemetry
from app.gateways.telemetry import Attributes, Measure, Span, is_on
from app.models import Execution

if TYPE_CHECKING:
    from app.services.executions.taken import Claim

__all__ = [
    "Span",
    "begin_attempt",
    "begin_call",
    "begin_delivery",
    "begin_request",
    "end_attempt",
    "end_call",
    "end_request",
    "give",
    "hand_off",
    "headers",
    "is_on",
    "place_of",
    "start_by_request",
    "trace_id",
]

_ENDED = Measure("oneoff.executions", "Attempts that ended here, by verdict.")
_TOOK = Measure("oneoff.job.duration", "Time that attempts took.", "s")
_ANSWERED = Measure("http.server.request.duration", "Time that requests took.", "s")
_MOST_LETTERS = 200
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_POST: dict[str, str | int] = {"http.request.method": "POST"}


def begin_request(method: str, route: str, traceparent: str, *, is_watched: bool) -> Span:
    """Begin the server's span of a request: below the caller's, or of a new trace."""
    parent = traces.read(traceparent)
    if is_watched and is_on():
        told = _request(method, route)
        name = " ".join(filter(None, (told["http.request.method"], route)))
        return telemetry.start(name, "server", parent, told)
    return Span(parent.within() if parent else traces.begin())


def end_request(span: Span, method: str, route: str, status: int, seconds: float) -> None:
    """Say on its span and among the figures how a request was answered; the span goes on."""
    span.set({"http.response.status_code": status})
    if status >= 500:
        span.fail(str(status))
    told = _request(method, route) | {"http.response.status_code": status}
    telemetry.measure(_ANSWERED, seconds, told)


def _request(method: str, route: str) -> dict[str, Any]:
    known: dict[str, Any] = {"http.request.method": method if method in _METHODS else "_OTHER"}
    return known | ({"http.route": route} if route else {})


def give(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Give new rows their places in traces; call it before they are inserted.

    What a request asked for belongs to its trace. Another attempt, and another link of a chain
    run, belongs to the trace of the first; what a schedule asks for begins a new one.
    """
    for row in rows:
        row["traceparent"] = row.get("traceparent") or _of_chain_run(session, row)
        if row["status"] in {state.SCHEDULED, state.QUEUED}:
            _give(session, row)


def _give(session: Session, row: dict[str, Any]) -> None:
    known = traces.read(row["traceparent"])
    parent = known or traces.here()
    if is_on():
        is_near = row["status"] == state.QUEUED or bool(row.get("handed_at"))
        if is_near or known is None:
            span = _handing("handoff" if is_near else "plan", parent, row)
            after_commit(session, span.end)
            parent = known or span.point
    row["traceparent"] = str(parent) if parent else None


def start_by_request(session: Session, row: Execution) -> None:
    """Let a planned row that a request starts at once belong to the request's trace."""
    parent = traces.here()
    if parent is None:
        return
    if is_on():
        told = {"id": row.id, "job_id": row.job_id, "queue": row.queue}
        span = _handing("handoff", parent, told)
        after_commit(session, span.end)
        parent = span.point
    row.traceparent = str(parent)


def _of_chain_run(session: Session, row: Mapping[str, Any]) -> str | None:
    if row.get("chain_run_id") is None or row.get("link_index") == 1:
        return None
    query = sa.select(Execution.traceparent).where(
        Execution.chain_run_id == row["chain_run_id"], Execution.chain_run_id.is_not(None)
    )
    return session.scalar(query.order_by(Execution.link_index, Execution.id).limit(1))


def hand_off(session: Session, rows: Sequence[Any]) -> None:
    """Tell of rows that go to the broker once the unit of work is committed."""
    if not is_on():
        return
    for row in rows:
        parent = traces.read(row.traceparent)
        if parent is not None and parent.is_sampled:
            told = {"id": row.id, "job_id": row.job_id, "queue": row.queue}
            after_commit(session, _handing("handoff", parent, told).end)


def _handing(name: str, parent: Point | None, row: Mapping[str, Any]) -> Span:
    told: dict[str, str] = {
        "oneoff.execution.id": row["id"],
        "oneoff.job.id": row["job_id"],
        "messaging.system": "oneoff",
        "messaging.operation.name": name,
        "messaging.operation.type": "send" if name == "handoff" else "create",
        "messaging.destination.name": row["queue"],
    }
    return telemetry.start(name, "producer", parent, told)


def begin_attempt(claim: "Claim") -> Span:
    """Begin the span of an attempt, below what handed it off."""
    parent = traces.read(claim.traceparent) or _from_ids(claim)
    if not is_on():
        return Span(Point(parent.trace_id, claim.id[-16:], parent.flags))
    told: dict[str, str | int] = {
        "oneoff.execution.id": claim.id,
        "oneoff.job.id": claim.job_id,
        "oneoff.job.name": claim.job_name[:_MOST_LETTERS],
        "oneoff.job.type": claim.type,
        "oneoff.attempt": claim.attempt,
        "oneoff.queue": claim.queue,
        "messaging.system": "oneoff",
        "messaging.operation.name": "execute",
        "messaging.operation.type": "process",
        "messaging.destination.name": claim.queue,
    }
    return telemetry.start(f"execute {claim.type}", "consumer", parent, told)


def end_attempt(
    span: Span, claim: "Claim", verdict: str, error_code: str | None, seconds: float
) -> None:
    """Say on its span and among the figures how an attempt ended; the span goes on."""
    span.set({"oneoff.outcome": verdict})
    if verdict != state.COMPLETED:
        span.fail(error_code or verdict)
    telemetry.count(_ENDED, {"type": claim.type, "status": verdict})
    telemetry.measure(_TOOK, seconds, {"type": claim.type, "status": verdict})


def begin_call(method: str, url: str, parent: Point, attributes: Attributes) -> Span:
    """Begin the span of a request that we send. ``url`` must hold no secrets but in its query."""
    told = {"http.request.method": method, **_address(url), **attributes}
    return telemetry.start(method, "client", parent, told)


def place_of(session: Session, execution_id: str) -> str | None:
    """Return the place of an execution in a trace."""
    query = sa.select(Execution.traceparent).where(Execution.id == execution_id)
    return session.scalar(query)


def begin_delivery(place: str | None, url: str) -> Span:
    """Begin the span of a delivery to a webhook; the path of its address is often a secret."""
    parent = traces.read(place) or traces.here()
    if not is_on():
        return Span(parent or traces.begin())
    where = {name: value for name, value in _address(url).items() if name != "url.full"}
    return telemetry.start("deliver webhook", "client", parent, _POST | where)


def headers(span: Span) -> dict[str, str]:
    """Return what tells a receiver its place in the trace; nothing where nobody records it."""
    return {"traceparent": str(span.point)} if is_on() else {}


def end_call(span: Span, status: int | None, error: str) -> None:
    """Say how a request that we sent was answered; ``error`` if it was not."""
    if status is not None:
        span.set({"http.response.status_code": status})
    if error or (status is not None and status >= 400):
        span.fail(error or str(status))


def trace_id(row: Any) -> str:
    """Return the trace that an execution belongs to, whether or not anybody records it."""
    known = traces.read(row.traceparent)
    return known.trace_id if known else _from_ids(row).trace_id


def _from_ids(row: Any) -> Point:
    """Return the place of a row that was given none: its attempts and links share a trace."""
    return Point(row.chain_run_id or row.root_execution_id, row.root_execution_id[-16:])


def _address(url: str) -> dict[str, str | int]:
    try:
        to = check_url(url)
    except ValueError:
        return {}
    path = to.target.partition("?")[0]
    return {"url.full": to.origin + path, "server.address": to.host, "server.port": to.port}
