"""OpenTelemetry's libraries, put together for one process: what it sends, and to where.

Only :mod:`app.gateways.telemetry.door` imports this, and only where telemetry is configured.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, NoOpMeterProvider, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from app.domain.ids import new_id
from app.domain.traces import Point
from app.gateways.telemetry.quiet import keep_quiet
from app.gateways.telemetry.spans import Attributes, Span
from app.settings import TelemetrySettings
from app.version import VERSION

_KINDS: Final = {kind.name.lower(): kind for kind in SpanKind}
#: Seconds; jobs take from milliseconds to hours.
_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


class Recorded(Span):
    """A span that OpenTelemetry knows of."""

    def __init__(self, inner: trace.Span) -> None:
        known = inner.get_span_context()
        trace_id, span_id = f"{known.trace_id:032x}", f"{known.span_id:016x}"
        super().__init__(Point(trace_id, span_id, int(known.trace_flags)))
        self._inner = inner

    def set(self, attributes: Attributes) -> None:
        """Add attributes."""
        self._inner.set_attributes(attributes)

    def fail(self, kind: str) -> None:
        """Mark it as failed."""
        self._inner.set_status(Status(StatusCode.ERROR))
        self._inner.set_attribute(ERROR_TYPE, kind)

    def end(self) -> None:
        """End it; its sending is another thread's matter."""
        self._inner.end()


class Sender:
    """What one process sends."""

    def __init__(self, settings: TelemetrySettings, process: str) -> None:
        self._complaints = keep_quiet(logging.getLogger("opentelemetry"))
        resource = _resource(settings, process)
        self._spans = _tracer_provider(settings, resource) if settings.sends_traces else None
        self._figures = _meter_provider(settings, resource) if settings.sends_metrics else None
        self._tracer = (self._spans or trace.NoOpTracerProvider()).get_tracer("oneoff", VERSION)
        self._meter: Meter = (self._figures or NoOpMeterProvider()).get_meter("oneoff", VERSION)
        self._instruments: dict[str, Any] = {}

    def start(self, name: str, kind: str, parent: Point | None, attributes: Attributes) -> Recorded:
        """Begin a span; whether it is recorded its trace's sampler says."""
        below = trace.set_span_in_context(_known(parent)) if parent else Context()
        made = self._tracer.start_span(
            name, below, _KINDS[kind], attributes, record_exception=False
        )
        return Recorded(made)

    def count(self, what: Any, attributes: Attributes) -> None:
        """Add one to a counter."""
        self._instrument(what, self._meter.create_counter).add(1, attributes)

    def measure(self, what: Any, value: float, attributes: Attributes) -> None:
        """Add a value to a histogram."""
        make = partial(self._meter.create_histogram, explicit_bucket_boundaries_advisory=_BOUNDS)
        self._instrument(what, make).record(value, attributes)

    def observe(self, what: Any, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Have a gauge read whenever figures are sent."""
        callback = partial(_observed, label, read)
        self._meter.create_observable_gauge(what.name, [callback], description=what.help)

    @property
    def is_well(self) -> bool:
        """Return whether what was sent lately has arrived, as far as anybody knows."""
        return self._complaints.is_silent

    def close(self) -> None:
        """Send what is left and end the threads."""
        for provider in (self._spans, self._figures):
            if provider is not None:
                provider.shutdown()

    def _instrument(self, what: Any, make: Callable[..., Any]) -> Any:
        known = self._instruments.get(what.name)
        if known is None:
            known = make(what.name, what.unit, what.help)
            known = self._instruments.setdefault(what.name, known)
        return known


def _observed(
    label: str, read: Callable[[], Mapping[str, float]], _options: CallbackOptions
) -> Iterable[Observation]:
    return [Observation(value, {label: name}) for name, value in read().items()]


def _known(point: Point) -> NonRecordingSpan:
    ids = int(point.trace_id, 16), int(point.span_id, 16)
    return NonRecordingSpan(SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(point.flags)))


def _resource(settings: TelemetrySettings, process: str) -> Resource:
    given = (pair.partition("=") for pair in settings.otel_resource_attributes.split(","))
    more = {name.strip(): value.strip() for name, _, value in given if name.strip()}
    ours: dict[str, str | int] = {
        "service.version": VERSION,
        "service.instance.id": new_id(),
        "host.name": socket.gethostname(),
        "process.pid": os.getpid(),
        "oneoff.process": process,
    }
    return Resource.create({**ours, **more, "service.name": settings.otel_service_name})


def _tracer_provider(settings: TelemetrySettings, resource: Resource) -> TracerProvider:
    made = TracerProvider(_sampler(settings), resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        settings.traces_endpoint, headers=dict(settings.otel_exporter_otlp_headers)
    )
    delay = settings.otel_bsp_schedule_delay
    made.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=delay))
    return made


def _sampler(settings: TelemetrySettings) -> sampling.Sampler:
    name = settings.otel_traces_sampler.removeprefix("parentbased_")
    roots: dict[str, sampling.Sampler] = {
        "always_on": sampling.ALWAYS_ON,
        "always_off": sampling.ALWAYS_OFF,
        "traceidratio": sampling.TraceIdRatioBased(settings.otel_traces_sampler_arg),
    }
    is_based = settings.otel_traces_sampler != name
    return sampling.ParentBased(roots[name]) if is_based else roots[name]


def _meter_provider(settings: TelemetrySettings, resource: Resource) -> MeterProvider:
    exporter = OTLPMetricExporter(
        settings.metrics_endpoint, headers=dict(settings.otel_exporter_otlp_headers)
    )
    interval = settings.otel_metric_export_interval
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=interval)
    return MeterProvider([reader], resource, shutdown_on_exit=False)
