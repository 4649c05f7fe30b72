"""What an execution prints, told at once to whoever watches it; it is written all the same."""

from datetime import datetime

from app.domain.clock import to_wire
from app.gateways import live_output


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
