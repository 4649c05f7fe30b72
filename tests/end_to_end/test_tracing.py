"""Traces with real processes and a real collector, and what happens when there is none."""

import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.end_to_end.product import Product, running, until
from tests.support.collector import Collector, Seen
from tests.support.http_target import Exchange, HttpTarget, answer, unused_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

FAST = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "300"}
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, CALLERS_SPAN = CALLER.split("-")[1:3]
SOON = {"base_seconds": 0.2, "cap_seconds": 0.2}
#: Kinds of spans on the wire.
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on this machine."""
    with Collector() as server:
        yield server


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    """Somebody else's service."""
    with HttpTarget() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, collector: Collector, tmp_path: Path
) -> Iterator[Product]:
    """The product, whose telemetry goes to the collector."""
    is_other = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgresql") if is_other else ""
    settings: dict[str, Any] = {**FAST, "DATABASE_URL": url}
    settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
    settings["OTEL_EXPORTER_OTLP_HEADERS"] = "x-tenant=a%20b"
    with running(tmp_path / "product", **settings) as started:
        yield started


def _emits_a_span(collector: Collector) -> Any:
    """Answer, and export a span below the one that the request names, as a traced service does."""

    def handler(exchange: Exchange) -> None:
        _, trace, parent, _ = exchange.seen.headers["traceparent"].split("-")
        said = ExportTraceServiceRequest()
        span = said.resource_spans.add().scope_spans.add().spans.add()
        span.name, span.trace_id = "target", bytes.fromhex(trace)
        span.span_id, span.parent_span_id = b"12345678", bytes.fromhex(parent)
        span.start_time_unix_nano = span.end_time_unix_nano = time.time_ns()
        body = said.SerializeToString()
        with urllib.request.urlopen(f"{collector.url}/v1/traces", body, timeout=10):
            answer()(exchange)

    return handler


def _post(product: Product, kind: str, config: dict[str, Any], **over: Any) -> dict[str, Any]:
    body = {"name": "t", "type": kind, "config": config, "scheduled_at": "now"} | over
    status, made = product.ask("POST", "/api/jobs", body, headers={"traceparent": CALLER})
    assert status == 201, made
    job: dict[str, Any] = made["data"]
    return job


def _spans(collector: Collector, trace_id: str, *names: str) -> list[Seen]:
    """Wait until a trace has spans of these names, and return it."""
    wanted = sorted(names)
    what = f"{wanted}, found {collector.names(trace_id)}"
    until(lambda: sorted(collector.names(trace_id)) == wanted, 15, what)
    return collector.trace(trace_id)


def test_one_trace_joins_request_hand_off_execution_and_target(
    product: Product, collector: Collector, target: HttpTarget
) -> None:
    url = target.serve(_emits_a_span(collector), "/path") + "?key=hush"
    job = _post(product, "http", {"url": url, "headers": {"Authorization": "hush-hush"}})
    assert product.ended(job["id"])["trace_id"] == TRACE
    spans = _spans(collector, TRACE, "POST /api/jobs", "handoff", "execute http", "GET", "target")
    assert [span.name for span in spans][:4] == [
        "POST /api/jobs",
        "handoff",
        "execute http",
        "GET",
    ]
    above = [CALLERS_SPAN, *(span.id for span in spans[:4])]
    assert [span.parent for span in spans] == above
    assert [span.kind for span in spans[:4]] == [SERVER, PRODUCER, CONSUMER, CLIENT]
    assert target.seen[0].headers["traceparent"] == f"00-{TRACE}-{spans[3].id}-01"
    (execution,) = product.executions(job["id"])
    told = spans[2].attributes
    assert (
        told["oneoff.execution.id"] == execution["id"] == spans[1].attributes["oneoff.execution.id"]
    )
    assert (told["oneoff.job.id"], told["oneoff.job.type"]) == (job["id"], "http")
    assert (told["oneoff.attempt"], told["oneoff.queue"]) == (1, "default")
    assert told["oneoff.outcome"] == "completed"
    assert spans[3].attributes["url.full"] == target.url("/path")
    assert spans[3].attributes["http.response.status_code"] == 200
    assert spans[0].resource["service.name"] == "oneoff"
    assert not any(span.has_failed for span in spans)
    assert not any(b"hush" in body for body in collector.raw)
    assert all(h["x-tenant"] == "a b" for h in collector.headers if "x-tenant" in h)
    assert any("x-tenant" in h for h in collector.headers)


def test_every_attempt_is_a_span_of_the_same_trace_and_scripts_know_it(
    product: Product, collector: Collector
) -> None:
    script = 'echo "$TRACEPARENT"; [ "$ONEOFF_ATTEMPT" = 2 ]'
    job = _post(product, "shell", {"script": script}, retry={"max_retries": 3, **SOON})
    until(lambda: len(product.executions(job["id"])) == 2, 20, "a second attempt")
    product.ended(job["id"])
    names = ["POST /api/jobs", "handoff", "execute shell", "handoff", "execute shell"]
    spans = _spans(collector, TRACE, *names)
    first, second = (span for span in spans if span.name == "execute shell")
    assert (first.attributes["oneoff.attempt"], second.attributes["oneoff.attempt"]) == (1, 2)
    assert (first.has_failed, second.has_failed) == (True, False)
    assert (first.attributes["oneoff.outcome"], first.attributes["error.type"]) == (
        "failed",
        "EXIT_CODE",
    )
    assert first.parent == second.parent == spans[1].id
    for execution, span in zip(product.executions(job["id"]), (first, second), strict=True):
        assert execution["output"].strip() == f"00-{TRACE}-{span.id}-01"
        assert execution["trace_id"] == TRACE


def test_links_of_a_chain_share_a_trace(product: Product, collector: Collector) -> None:
    later = {"scheduled_at": "2100-01-01T00:00:00Z"}
    jobs = [_post(product, "shell", {"script": "true"}, **later)["id"] for _ in range(2)]
    _, chain = product.ask("POST", "/api/chains", {"name": "c", "job_ids": jobs})
    mine = {"traceparent": CALLER.replace("0af7", "1bf8")}
    path = f"/api/chains/{chain['data']['id']}/execute"
    assert product.ask("POST", path, headers=mine)[0] == 202
    trace_id = TRACE.replace("0af7", "1bf8")
    names = ["POST /api/chains/<chain_id>/execute", *(["handoff", "execute shell"] * 2)]
    spans = _spans(collector, trace_id, *names)
    assert [s.attributes["oneoff.job.id"] for s in spans if s.name == "execute shell"] == jobs


def test_each_moment_of_a_schedule_begins_a_trace(product: Product, collector: Collector) -> None:
    schedule = {"type": "fixed_rate", "interval_seconds": 1}
    job = _post(product, "shell", {"script": "true"}, schedule=schedule, scheduled_at=None)

    def ended() -> list[Any]:
        rows = product.executions(job["id"])
        return [row for row in rows if row["status"] == "completed"]

    until(lambda: len(ended()) >= 2, 30, "two moments")
    one, two = ended()[:2]
    assert len({one["trace_id"], two["trace_id"], TRACE}) == 3
    spans = _spans(collector, one["trace_id"], "handoff", "execute shell")
    assert (spans[0].parent, spans[1].parent) == ("", spans[0].id)
    assert spans[0].resource["oneoff.process"] == "beat"


def test_a_webhook_is_told_in_the_trace_of_what_it_tells(
    product: Product, collector: Collector, target: HttpTarget
) -> None:
    url = target.serve(answer(500), "/secret-path")
    body = {"name": "w", "url": url, "events": "job.completed"}
    assert product.ask("POST", "/api/webhooks", body)[0] == 201
    time.sleep(1.1)  # all processes know of it after a second
    job = _post(product, "shell", {"script": "true"})
    product.ended(job["id"])
    names = ("POST /api/jobs", "handoff", "execute shell", "deliver webhook")
    spans = _spans(collector, TRACE, *names)
    (delivery,) = (span for span in spans if span.name == "deliver webhook")
    assert target.seen[0].headers["traceparent"].split("-")[2] == delivery.id
    assert (delivery.has_failed, delivery.attributes["error.type"]) == (True, "500")
    assert not any(b"secret-path" in raw for raw in collector.raw)


def test_figures_are_sent_too(product: Product, collector: Collector) -> None:
    job = _post(product, "shell", {"script": "exit 3"})
    product.ended(job["id"])
    wanted = {
        ("oneoff.executions", "worker"),
        ("oneoff.job.duration", "worker"),
        ("oneoff.queue.depth", "beat"),
        ("http.server.request.duration", "api"),
    }
    until(lambda: wanted <= collector.metrics.keys(), 15, f"{wanted}: {collector.metrics.keys()}")
    (point,) = collector.metrics["oneoff.executions", "worker"].sum.data_points
    assert point.as_int == 1
    assert {a.key: a.value.string_value for a in point.attributes} == {
        "type": "shell",
        "status": "failed",
    }


def test_what_is_left_is_sent_at_the_end(collector: Collector, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
    }
    with running(tmp_path / "product", **settings) as product:
        job = _post(product, "shell", {"script": "true"})
        product.ended(job["id"])
        assert collector.names(TRACE) == []
        product.stop()
    assert collector.names(TRACE) == ["POST /api/jobs", "handoff", "execute shell"]


def test_jobs_run_when_the_collector_is_away(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{unused_port()}"
    settings: dict[str, Any] = {
        **FAST,
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "WORKERS_COUNT": "2",
    }
    with running(tmp_path / "product", **settings) as product:
        for _ in range(5):
            job = _post(product, "shell", {"script": "echo $TRACEPARENT"})
            assert product.ended(job["id"])["status"] == "completed"
        until(lambda: "telemetry is not sent" in product.log.read_text(), 20, "a warning")
        product.stop(signal.SIGTERM)
        lines = [line for line in product.log.read_text().splitlines() if "telemetry" in line]
    by_process: dict[str, int] = {}
    for line in lines:
        name = json.loads(line)["process"]
        by_process[name] = by_process.get(name, 0) + 1
    # Two pool processes and two other workers share a name.
    assert by_process.pop("worker", 0) <= 4
    assert set(by_process.values()) <= {1}


def test_nothing_of_it_is_imported_while_it_is_off(tmp_path: Path) -> None:
    trap = tmp_path / "trap" / "opentelemetry"
    trap.mkdir(parents=True)
    sprung = tmp_path / "sprung"
    (trap / "__init__.py").write_text(
        f"import traceback\nopen({str(sprung)!r}, 'a').write(''.join(traceback.format_stack()))\n"
    )
    with running(tmp_path / "product", PYTHONPATH=str(trap.parent)) as product:
        job = _post(product, "shell", {"script": "echo $TRACEPARENT"})
        ended = product.ended(job["id"])
        # The caller's trace is passed on all the same.
        assert ended["output"].strip() == f"00-{TRACE}-{ended['id'][-16:]}-01"
        assert ended["trace_id"] == TRACE
        product.stop()
    assert not sprung.exists(), sprung.read_text()[-2000:]
