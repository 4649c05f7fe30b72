"""A collector for tests: takes OTLP over HTTP, as bytes on the wire, and keeps what it was told."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


@dataclass(frozen=True)
class Seen:
    """A span as it arrived; ids are hexadecimal, ``parent`` is empty for a trace's first."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    has_failed: bool
    began: int
    ended: int


@dataclass
class Collector:
    """The server; ``refuses`` makes it answer 503 to all."""

    refuses: bool = False
    spans: list[Seen] = field(default_factory=list)
    #: By the name of the metric and the process it came from, what came last.
    metrics: dict[tuple[str, str], Any] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        """The endpoint that exporters are told."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def trace(self, trace_id: str) -> list[Seen]:
        """Return the spans of a trace in the order of their beginnings."""
        mine = [span for span in self.spans if span.trace == trace_id]
        return sorted(mine, key=lambda span: span.began)

    def names(self, trace_id: str) -> list[str]:
        """Return the names of the spans of a trace, in order."""
        return [span.name for span in self.trace(trace_id)]

    def take(self, path: str, body: bytes) -> None:
        """Keep what an exporter sent."""
        self.raw.append(body)
        if path == "/v1/traces":
            for of in ExportTraceServiceRequest.FromString(body).resource_spans:
                resource = plain(of.resource.attributes)
                for scope in of.scope_spans:
                    self.spans += [_seen(span, resource) for span in scope.spans]
        elif path == "/v1/metrics":
            for figures in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                process = plain(figures.resource.attributes)["oneoff.process"]
                for group in figures.scope_metrics:
                    self.metrics |= {(metric.name, process): metric for metric in group.metrics}
        else:
            raise AssertionError(f"nothing of ours is sent to {path}")


def plain(attributes: Any) -> dict[str, Any]:
    """Return attributes as a dictionary."""
    pairs: list[KeyValue] = list(attributes)
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "") for a in pairs}


def _seen(span: Any, resource: dict[str, Any]) -> Seen:
    return Seen(
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=plain(span.attributes),
        resource=resource,
        has_failed=span.status.code == 2,
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
    )


def _handler_of(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.headers.append({k.lower(): v for k, v in self.headers.items()})
            if not collector.refuses:
                collector.take(self.path, body)
            self.send_response(503 if collector.refuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    return Handler
