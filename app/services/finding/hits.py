"""What is wanted, and what is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.folding import fold, rank

#: So much of a text is told.
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A text as it was typed and as it is compared, and how many hits are wanted."""

    text: str
    folded: str
    limit: int

    def rank(self, *texts: str | None) -> int | None:
        """Return how well the best of these texts fits; ``None`` if none does."""
        ranks = (rank(self.folded, fold(text)) for text in texts if text)
        return min((found for found in ranks if found is not None), default=None)


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    id: str
    title: str
    subtitle: str | None = None
    status: str | None = None
    reason: str | None = None
    #: Of a job and what belongs to one.
    type: str | None = None
    job_id: str | None = None
    #: When it began, or was last seen.
    at: datetime | None = None
    count: int | None = None

    def wire(self, kind: str) -> dict[str, Any]:
        """Return the hit as it goes on the wire; what has no value is left out."""
        names = ("subtitle", "status", "reason", "type", "job_id", "at", "count")
        rest = {name: getattr(self, name) for name in names}
        given = {name: value for name, value in rest.items() if value is not None}
        return {"kind": kind, "id": self.id, "title": self.title, **given}


def best(ranked: Iterable[tuple[int | None, Hit]]) -> list[Hit]:
    """Return those that fit, the best first; alike ones keep their order."""
    fitting = [(place, hit) for place, hit in ranked if place is not None]
    return [hit for _, hit in sorted(fitting, key=lambda one: one[0])]


def first_line(text: str | None) -> str | None:
    """Return the first line of a text, cut where it is long."""
    line = (text or "").strip().split("\n", 1)[0]
    return line[:_TOLD] or None
