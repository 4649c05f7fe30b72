"""Text messages as a WebSocket carries them (RFC 6455, section 5.2), from a server: not masked."""

from typing import Final

_FINAL_TEXT: Final = 0x81
_SHORT: Final = 125
_MIDDLE: Final = 0xFFFF


def text_frame(payload: bytes) -> bytes:
    """Return a message in one frame; ``payload`` is UTF-8."""
    size = len(payload)
    if size <= _SHORT:
        return bytes((_FINAL_TEXT, size)) + payload
    if size <= _MIDDLE:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big") + payload
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big") + payload
