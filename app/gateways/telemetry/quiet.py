"""What the libraries of telemetry say: at most one line a minute reaches the log."""

import logging
import time
from typing import Final

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 60.0


class OnceAMinute(logging.Handler):
    """Passes on the first of the libraries' warnings and says how many it kept back since."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._next = 0.0
        self._kept_back = 0

    @property
    def is_silent(self) -> bool:
        """Return whether all has gone well lately, as far as the libraries say."""
        return time.monotonic() >= self._next

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a warning on, or count it."""
        if time.monotonic() < self._next:
            self._kept_back += 1
            return
        self._next = time.monotonic() + EVERY_SECONDS
        more, self._kept_back = self._kept_back, 0
        after = f" ({more} more in the last minute)" if more else ""
        log.warning("telemetry is not sent; jobs go on: %s%s", _short(record), after)


def keep_quiet(logger: logging.Logger) -> OnceAMinute:
    """Let a library's logger speak through here only; return what hears it."""
    hears = OnceAMinute()
    logger.handlers = [hears]
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    return hears


def _short(record: logging.LogRecord) -> str:
    return record.getMessage().replace("\n", " ")[:300]
