"""The places of rows in traces, and the spans that join them."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import db
from app.bootstrap import Json
from app.domain import traces
from app.domain.clock import now
from app.gateways import telemetry
from app.gateways.telemetry.quiet import OnceAMinute
from app.models import Execution, Job
from app.services import executions, handoff, tracing
from app.settings import load
from tests.support.api import get, make
from tests.support.collector import Collector
from tests.support.rows import make_job

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = CALLER.split("-")[1]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that this process sends to, everything at the end."""
    with Collector() as server:
        configure(server.url)
        yield server
        telemetry.stop()


def configure(url: str, **more: str) -> None:
    environ = {"DATA_DIR": "/nowhere", "OTEL_EXPORTER_OTLP_ENDPOINT": url, **more}
    environ["OTEL_BSP_SCHEDULE_DELAY"] = "600000"
    telemetry.configure(load({}, environ), "api")


def born(at: float = 0.0, **over: object) -> Execution:
    """Make an execution that is due in so many seconds, and return it."""
    with db.transaction() as session:
        job = session.get_one(Job, make_job(session).id)
        status = "scheduled" if at else "queued"
        run_at = now() + timedelta(seconds=at)
        row = executions.born(job, run_at, "api", "me", **{"status": status, **over})
        executions.add(session, [row])
    with db.reading() as session:
        return session.get_one(Execution, row["id"])


def test_a_row_of_a_request_belongs_to_the_requests_trace(client) -> None:
    answer = client.post("/api/jobs", json=_body(), headers={"traceparent": CALLER})
    (row,) = get(client, "/api/executions", include="all")["data"]
    assert row["trace_id"] == TRACE == answer.headers["X-Trace-Id"]


def test_a_row_without_a_request_has_a_trace_all_the_same(client) -> None:
    row = born()
    assert row.traceparent is None
    shown = get(client, f"/api/executions/{row.id}")["data"]
    assert shown["trace_id"] == row.root_execution_id


def test_a_request_without_a_trace_begins_one(client) -> None:
    made = make(client)
    (row,) = get(client, "/api/executions", include="all", job_id=made["id"])["data"]
    answer = client.post(f"/api/jobs/{made['id']}/execute", json={})
    assert row["trace_id"] != answer.headers["X-Trace-Id"]
    assert traces.here() is None


def test_what_is_started_now_leaves_its_plan_for_the_request(client) -> None:
    later = "2100-01-01T00:00:00Z"
    first = client.post("/api/jobs", json=_body(scheduled_at=later)).json["data"]
    answer = client.post(
        f"/api/jobs/{first['id']}/execute", json={}, headers={"traceparent": CALLER}
    )
    assert answer.status_code in {200, 201, 202}, answer.text
    (row,) = get(client, "/api/executions", include="all", job_id=first["id"])["data"]
    assert row["trace_id"] == TRACE


def test_a_row_far_away_is_planned_and_later_handed_off(database, collector) -> None:
    row = born(at=3600)
    with db.transaction() as session:
        assert handoff.hand_off_due(session, 4000) == 1
    trace = tracing.trace_id(row)
    telemetry.stop()
    plan, handed = collector.trace(trace)
    assert (plan.name, plan.parent, handed.name, handed.parent) == ("plan", "", "handoff", plan.id)
    assert handed.attributes["oneoff.execution.id"] == row.id


def born_in_vain() -> None:
    with db.transaction() as session:
        job = session.get_one(Job, make_job(session).id)
        executions.add(session, [executions.born(job, now(), "api", "me", status="queued")])
        raise ZeroDivisionError


def test_what_is_rolled_back_is_no_span(database, collector) -> None:
    with pytest.raises(ZeroDivisionError):
        born_in_vain()
    telemetry.stop()
    assert collector.spans == []


def test_a_trace_that_nobody_records_stays_so(database, collector) -> None:
    before = traces.enter(traces.read(CALLER[:-1] + "0"))
    row = born(at=3600)
    traces.enter(before)
    assert (row.traceparent or "").startswith(f"00-{TRACE}-")
    assert (row.traceparent or "").endswith("-00")
    with db.transaction() as session:
        handoff.hand_off_due(session, 4000)
    telemetry.stop()
    assert collector.spans == []


@pytest.mark.parametrize(("sampler", "count"), [("always_off", 0), ("always_on", 1)])
def test_the_sampler_decides(database, sampler, count) -> None:
    with Collector() as collector:
        configure(collector.url, OTEL_TRACES_SAMPLER=sampler)
        row = born()
        assert row.traceparent is not None
        telemetry.stop()
    assert len(collector.spans) == count


def test_after_the_stop_there_is_no_telemetry(database, collector) -> None:
    assert tracing.is_on()
    telemetry.stop()
    assert not tracing.is_on()
    assert born().traceparent is None


def test_a_process_that_forks_leaves_it_to_its_children(collector, monkeypatch) -> None:
    monkeypatch.setattr("app.gateways.telemetry.door._silent_pid", 0)
    telemetry.leave_to_children()
    assert not tracing.is_on()


def test_log_lines_say_where_in_its_trace_the_work_is() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "hello", (), None)
    assert '"trace_id"' not in Json("api").format(record)
    before = traces.enter(traces.read(CALLER))
    line = Json("api").format(record)
    traces.enter(before)
    assert f'"trace_id": "{TRACE}", "span_id": "b7ad6b7169203331"' in line


def test_the_libraries_speak_once_a_minute(caplog, monkeypatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("app.gateways.telemetry.quiet.time.monotonic", lambda: clock[0])
    heard = OnceAMinute()
    record = logging.LogRecord("x", logging.ERROR, "", 0, "away\n%s", ("!",), None)
    for _ in range(5):
        heard.emit(record)
    assert not heard.is_silent
    clock[0] += 61
    assert heard.is_silent
    heard.emit(record)
    said = [r.getMessage() for r in caplog.records]
    assert said == [
        "telemetry is not sent; jobs go on: away !",
        "telemetry is not sent; jobs go on: away ! (4 more in the last minute)",
    ]


def _body(**over: object) -> dict[str, object]:
    config = {"script": "true"}
    return {"name": "t", "type": "shell", "config": config, "scheduled_at": "now"} | over
