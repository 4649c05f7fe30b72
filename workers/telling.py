"""What an execution prints and uses, told at once to who watches it; it is written all the same."""

from datetime import datetime

from app.domain.clock import to_wire
from app.gateways import live_output
from app.services.usage.samples import Sample


def tell_lines(execution_id: str, number: int, stream: str, at: datetime, data: bytes) -> None:
    """Tell whole lines, the first of them with this number; returns at once."""
    if not live_output.is_wanted(execution_id):
        return
    text = data.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    message = {
        "type": "log",
        "number": number,
        "stream": stream,
        "time": to_wire(at),
        "lines": text.removesuffix("\n").split("\n"),
    }
    live_output.publish(execution_id, message, len(data))


def tell_sample(execution_id: str, sample: Sample) -> None:
    """Tell what it uses at the moment; returns at once."""
    message = {
        "type": "metric",
        "timestamp": to_wire(sample.at),
        "cpu_percent": sample.cpu_percent,
        "memory_bytes": sample.memory_bytes,
        "memory_percent": sample.memory_percent,
    }
    live_output.publish(execution_id, message)
