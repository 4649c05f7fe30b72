"""Schedules before any job has them."""

from collections.abc import Mapping
from typing import Any

from app.client.connection import Connection
from app.client.moments import Preview


class Schedules:
    """``client.schedules``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def preview(
        self,
        schedule: Mapping[str, Any],
        count: int = 10,
        *,
        start: str | None = None,
        timezone: str | None = None,
    ) -> Preview:
        """Return the next ``count`` moments (100 at most) of a schedule, in words, and warnings.

        They come after ``start``, RFC 3339, by default now; ``timezone`` holds if the schedule
        names none.
        """
        given = {"schedule": dict(schedule), "count": count, "from": start, "timezone": timezone}
        body = {name: value for name, value in given.items() if value is not None}
        return Preview.read(self._connection.post("/api/schedules/preview", body)["data"])
