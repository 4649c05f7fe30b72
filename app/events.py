"""Telling what has happened: one door for all events."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.events import Event

Reaction = Callable[[Session, Event], None]
#: A reaction that leaves the process has no unit of work any more.
LateReaction = Callable[[Event], None]

_in_transaction: Mapping[type[Event], Sequence[Reaction]] = {}
_after_commit: Mapping[type[Event], Sequence[LateReaction]] = {}


def connect(
    in_transaction: Mapping[type[Event], Sequence[Reaction]],
    after: Mapping[type[Event], Sequence[LateReaction]],
) -> None:
    """Name the reactions of this process."""
    global _in_transaction, _after_commit
    _in_transaction, _after_commit = in_transaction, after


def emit(session: Session, event: Event) -> None:
    """Run the reactions to an event: some in this unit of work, the others after its commit."""
    for react in _in_transaction.get(type(event), ()):
        react(session, event)
    for react_later in _after_commit.get(type(event), ()):
        after_commit(session, lambda react_later=react_later: react_later(event))  # type: ignore[misc]
