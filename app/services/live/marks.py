"""Where a page stands among the changes: the ids of its events."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.services.live.changes import Change

_FORM: Final = re.compile(r"(\d{1,16})-(\d{1,16})-(\d{1,6})")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """The place of a change: milliseconds since 1970, a number within, and one within a commit."""

    milliseconds: int
    sequence: int
    index: int

    def __str__(self) -> str:
        return f"{self.milliseconds}-{self.sequence}-{self.index}"

    def before(self, span: timedelta) -> "Mark":
        """Return the place a span earlier."""
        return Mark(self.milliseconds - round(span.total_seconds() * 1000), 0, 0)


@dataclass(frozen=True, slots=True)
class Told:
    """A change and its place; those that were read from rows beside a feed have none."""

    mark: Mark | None
    change: Change


def mark_of(text: str | None) -> Mark | None:
    """Return the place that the id of an event names; ``None`` if it is none of ours."""
    found = _FORM.fullmatch(text or "")
    return Mark(int(found[1]), int(found[2]), int(found[3])) if found else None
