"""The one door to OpenTelemetry. Unless it is configured nothing of it is imported or started.

What sends is made by each process when it first has something to send, so after every fork.
"""

from app.gateways.telemetry.door import (
    Kind,
    Measure,
    configure,
    count,
    exports_metrics,
    is_on,
    leave_to_children,
    measure,
    observe,
    preload,
    start,
    stop,
)
from app.gateways.telemetry.spans import Attributes, Span

__all__ = [
    "Attributes",
    "Kind",
    "Measure",
    "Span",
    "configure",
    "count",
    "exports_metrics",
    "is_on",
    "leave_to_children",
    "measure",
    "observe",
    "preload",
    "start",
    "stop",
]
