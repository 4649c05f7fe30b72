"""The log files of claude jobs: one for each stream, beside the log that the ledger keeps."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Self

from app.domain.clock import now
from workers.executors.base import Context, Options, Stream

_NAME = re.compile(r"([0-9a-f]{32})-\d{8}-\d{6}\.std(out|err)\.log", re.ASCII)
_STREAMS: tuple[Stream, ...] = ("stdout", "stderr")
_CUT = b"\n[what follows is not kept: MAX_OUTPUT_BYTES]\n"


class LogFiles:
    """An output that copies what it passes on into ``{execution id}-{time}.stdout.log``.

    Files that can't be written are told of in the log, and the work goes on without them.
    """

    def __init__(self, options: Options, context: Context) -> None:
        self._folder = options.claude_logs
        self._limit = options.max_output_bytes
        self._output = context.output
        self._stem = f"{context.execution_id}-{now():%Y%m%d-%H%M%S}"
        self._files: dict[Stream, int] = {}
        self._left: dict[Stream, int] = {}
        self._masked = {stream: context.masker.stream() for stream in _STREAMS}

    def __enter__(self) -> Self:
        if self._folder is not None:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                for stream in _STREAMS:
                    self._open(stream, self._folder / f"{self._stem}.{stream}.log")
            except OSError as error:
                self._give_up(error)
        return self

    def __exit__(self, *error: object) -> None:
        for stream in _STREAMS:
            self._keep(stream, self._masked[stream].end())
        self._close()

    def write(self, stream: Stream, data: bytes) -> None:
        """Pass a block on, and keep a copy while there is room. Never raises."""
        self._output.write(stream, data)
        if stream in self._files:
            self._keep(stream, self._masked[stream].feed(data))

    def _keep(self, stream: Stream, data: bytes) -> None:
        if stream not in self._files:
            return
        kept = data[: self._left[stream]]
        try:
            _write(self._files[stream], kept)
            self._left[stream] -= len(kept)
            if len(kept) < len(data):
                _write(self._files[stream], _CUT)
                os.close(self._files.pop(stream))
        except OSError as error:
            self._give_up(error)

    def _open(self, stream: Stream, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._files[stream] = os.open(path, flags, 0o600)
        self._left[stream] = self._limit

    def _give_up(self, error: OSError) -> None:
        self._close()
        text = f"Log files can't be written to {self._folder}: {error.strerror or error}\n"
        self._output.write("system", text.encode("utf-8", "replace"))

    def _close(self) -> None:
        while self._files:
            with suppress(OSError):
                os.close(self._files.popitem()[1])


def execution_of(name: str) -> str | None:
    """Return the id of the execution that a log file is of; ``None`` for any other file."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
