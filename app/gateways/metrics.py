"""The one door to Prometheus: families of plain data rendered as text, and the HTTP counters."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Summary,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

disable_created_metrics()  # type: ignore[no-untyped-call]
_began = time.monotonic()
_http = CollectorRegistry(auto_describe=False)
_requests = Counter(
    "oneoff_http_requests_total",
    "HTTP requests answered by this process.",
    ("method", "path", "status"),
    registry=_http,
)
_durations = Summary(
    "oneoff_http_request_duration_seconds",
    "Time that this process took to answer HTTP requests.",
    ("method", "path"),
    registry=_http,
)

_keys = Counter(
    "oneoff_apikey_validations_total",
    "API keys checked by this process.",
    ("result",),
    registry=_http,
)
for _result in ("success", "failed"):
    _keys.labels(_result)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """Count and sum of what a summary or a histogram saw; ``buckets`` are cumulative."""

    count: float
    total: float
    buckets: tuple[tuple[str, float], ...] = ()

    def plus(self, count: float, total: float) -> "Totals":
        """Return these with some more added, for summaries."""
        return Totals(self.count + count, self.total + total)


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its name and help, the names of its labels, and a value for each of their sets."""

    kind: Literal["gauge", "counter"]
    name: str
    help: str
    labels: Labels = ()
    values: Mapping[Labels, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A summary, or with buckets a histogram."""

    name: str
    help: str
    labels: Labels
    values: Mapping[Labels, Totals]


def observe_request(method: str, path: str, status: int, seconds: float) -> None:
    """Count one answered request; ``path`` is the template of its route."""
    _requests.labels(method, path, str(status)).inc()
    _durations.labels(method, path).observe(seconds)


def observe_key(result: str) -> None:
    """Count one checked API key: ``success`` or ``failed``."""
    _keys.labels(result).inc()


def uptime_seconds() -> float:
    """Return for how long this process has been up."""
    return time.monotonic() - _began


def render(families: Iterable[Family | Distribution]) -> bytes:
    """Return the families and this process's HTTP counters in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(families))
    return generate_latest(registry) + generate_latest(_http)


class _Collector(Collector):
    def __init__(self, families: Iterable[Family | Distribution]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for family in self._families:
            yield _plain(family) if isinstance(family, Family) else _distribution(family)


def _plain(family: Family) -> Metric:
    made: GaugeMetricFamily | CounterMetricFamily
    if family.kind == "gauge":
        made = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    else:
        made = CounterMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in family.values.items():
        made.add_metric(labels, value)
    return made


def _distribution(family: Distribution) -> Metric:
    if any(totals.buckets for totals in family.values.values()):
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, totals in family.values.items():
            histogram.add_metric(labels, list(totals.buckets), totals.total)
        return histogram
    summary = SummaryMetricFamily(family.name, family.help, labels=family.labels)
    for labels, totals in family.values.items():
        summary.add_metric(labels, int(totals.count), totals.total)
    return summary
