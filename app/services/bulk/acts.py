"""What can be done to many: how they are found, and what is done to one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.services.listing import Wanted


@dataclass(frozen=True, slots=True)
class Things:
    """A kind of thing, and how those that a filter lets through are found."""

    kind: str
    model: Any
    #: Ids in the order of birth, with the cursor of what follows; given filters and a page.
    ids: Callable[[Session, Any, Wanted], tuple[list[str], str | None]]
    #: What a thing fulfils that filters let through.
    conditions: Callable[[Session, Any], Sequence[Any]]
    #: Id, name and status of these.
    told: Callable[[Session, Sequence[str]], dict[str, dict[str, Any]]]
    #: Keeps a thing as it is until the unit of work ends, in the order in which all lock.
    lock: Callable[[Session, str], object] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done to one thing.

    ``do`` raises :class:`DomainError` for a thing that can't take part; ``check`` finds that out
    where ``do`` would cost too much to be undone.
    """

    things: Things
    #: As the route for one of them is named.
    name: str
    do: Callable[[Session, str], Any]
    check: Callable[[Session, str], Any] | None = None
