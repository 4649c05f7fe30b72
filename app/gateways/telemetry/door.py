"""Whether there is telemetry in this process, and what is done with it."""

import importlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.domain.traces import Point
from app.gateways.telemetry.spans import Attributes, Span
from app.settings import TelemetrySettings

Kind = Literal["server", "client", "producer", "consumer", "internal"]
#: What a process that ends waits at most for its last spans and figures to be sent.
FLUSH_SECONDS = 1.0
_PROCESSES = frozenset({"api", "worker", "beat"})


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that is sent: its name and help, and a histogram's unit."""

    name: str
    help: str
    unit: str = "1"


@dataclass(frozen=True, slots=True)
class _Configured:
    settings: TelemetrySettings
    process: str


_configured: _Configured | None = None
#: The process that only has children which send, and the sender with the process it is of.
_silent_pid = 0
_sender: tuple[int, Any] = (0, None)
_lock = threading.Lock()


def configure(settings: TelemetrySettings, process: str) -> None:
    """Say where telemetry goes, if anywhere; short-lived helpers of the product have none."""
    global _configured  # noqa: PLW0603 - fixed at the start of the process
    wanted = settings.has_telemetry and process in _PROCESSES
    _configured = _Configured(settings, process) if wanted else None


def is_on() -> bool:
    """Return whether spans of this process are sent."""
    return (
        _configured is not None and _configured.settings.sends_traces and os.getpid() != _silent_pid
    )


def exports_metrics() -> bool:
    """Return whether figures of this process are sent."""
    return (
        _configured is not None
        and _configured.settings.sends_metrics
        and os.getpid() != _silent_pid
    )


def preload() -> None:
    """Import the libraries before a fork, so that the children share their memory."""
    importlib.import_module("app.gateways.telemetry.otlp")


def leave_to_children() -> None:
    """Send nothing from this process, which forks: threads and locks do not survive that."""
    global _silent_pid  # noqa: PLW0603 - known to the children as well
    if _configured is not None:
        _silent_pid = os.getpid()
        preload()


def start(name: str, kind: Kind, parent: Point | None, attributes: Attributes) -> Span:
    """Begin a span below ``parent``, or a new trace. Ask :func:`is_on` first."""
    span: Span = _sending().start(name, kind, parent, attributes)
    return span


def count(what: Measure, attributes: Attributes) -> None:
    """Add one to a counter."""
    if exports_metrics():
        _sending().count(what, attributes)


def measure(what: Measure, value: float, attributes: Attributes) -> None:
    """Add a value to a histogram."""
    if exports_metrics():
        _sending().measure(what, value, attributes)


def observe(what: Measure, label: str, read: Callable[[], Mapping[str, float]]) -> None:
    """Have a gauge read, in a thread of its own, whenever it is sent: a value for each label."""
    if exports_metrics():
        _sending().observe(what, label, read)


def stop() -> None:
    """Send what is left, within ``FLUSH_SECONDS``; nothing is sent afterwards.

    Who could not be reached a moment ago is not waited for: a stop has its own time.
    """
    global _configured, _sender
    (pid, sender), _configured, _sender = _sender, None, (0, None)
    if sender is None or pid != os.getpid():
        return
    last = threading.Thread(target=sender.close, daemon=True)
    last.start()
    last.join(FLUSH_SECONDS if sender.is_well else 0)


def _sending() -> Any:
    """Return what sends for this process; it is made at the first call."""
    global _sender  # noqa: PLW0603 - the process has one
    if _sender[0] != os.getpid():
        with _lock:
            if _sender[0] != os.getpid():
                _sender = (os.getpid(), _made())
    return _sender[1]


def _made() -> Any:
    assert _configured is not None  # noqa: S101 - the callers ask first
    otlp = importlib.import_module("app.gateways.telemetry.otlp")
    return otlp.Sender(_configured.settings, _configured.process)
