"""Takes apart what the engine sends of a container: frames of stdout and stderr, in one stream."""

from collections.abc import Iterator

from workers.executors.base import Stream

_HEADER = 8
_STREAMS: dict[int, Stream] = {1: "stdout", 2: "stderr"}


class Frames:
    """Holds no more than an unfinished header, however large the frames are."""

    def __init__(self) -> None:
        self._header = b""
        self._stream: Stream = "stdout"
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[Stream, bytes]]:
        """Yield what this block holds of each stream, in order."""
        view = memoryview(data)
        while view:
            if self._left:
                part, view = view[: self._left], view[self._left :]
                self._left -= len(part)
                yield self._stream, bytes(part)
                continue
            missing = _HEADER - len(self._header)
            self._header += view[:missing]
            view = view[missing:]
            if len(self._header) == _HEADER:
                self._stream = _STREAMS.get(self._header[0], "stdout")
                self._left = int.from_bytes(self._header[4:])
                self._header = b""
