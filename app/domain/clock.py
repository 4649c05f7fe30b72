"""The one place that asks what time it is."""

import functools
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC, cut to whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_wire(moment: datetime) -> str:
    """Write an aware moment as RFC 3339 in UTC with milliseconds and ``Z``."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return _written(moment)


@functools.lru_cache(maxsize=1024)
def _written(moment: datetime) -> str:
    """Write a moment in UTC: many rows of one answer share theirs.

    Of other zones nothing may be kept: there two moments an hour apart can be equal.
    """
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
