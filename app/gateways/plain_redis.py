"""redis-py, and kombu's use of it, without OpenTelemetry.

Wherever OpenTelemetry is installed redis-py imports its SDK, to count calls should somebody ask for
that. Nobody does: the import alone would cost each start a tenth of a second and 3 MB. So whoever
needs redis-py takes it from here.
"""

import contextlib
import sys
from collections.abc import Iterator

_NAME = "opentelemetry"


@contextlib.contextmanager
def _hidden() -> Iterator[None]:
    if _NAME in sys.modules:  # it is paid for
        yield
        return
    sys.modules[_NAME] = None  # type: ignore[assignment] # as documented: the import then fails
    try:
        yield
    finally:
        del sys.modules[_NAME]


with _hidden():
    import redis
    from kombu.transport import redis as redis_transport
    from redis.backoff import NoBackoff
    from redis.retry import Retry

__all__ = ["NoBackoff", "Retry", "redis", "redis_transport"]
