"""What the request at hand sees: its limits are added to every query that it makes.

The gate says for each request whose it is (:func:`enter`). A session that is opened while
somebody's sight is limited adds the conditions of ``scopes`` to whatever it selects, changes or
deletes through the mapper, and refuses what it can't add them to. So a query is limited unless
it says otherwise, by :func:`unlimited`: what decides about executions, such as overlaps and
limits, is decided over all of them, whoever asked. Outside of requests, and for who sees
everything, nothing is added and nothing looked at.
"""

import functools
from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors

from app import db
from app.domain.errors import Forbidden
from app.services.access.principal import Sight
from app.services.access.scopes import CONDITIONS, DEFAULT_PROJECT, owned_by

#: Of who has not said who he is.
NOTHING = Sight(everything=False)
_TABLES = {model.__tablename__ for model in CONDITIONS}


@dataclass(frozen=True, slots=True)
class _Asking:
    sight: Sight
    #: What would be needed to change what is not one's own; empty if one may.
    needs: tuple[str, ...] = ()


_asking: ContextVar[_Asking | None] = ContextVar("asking", default=None)


def enter(sight: Sight, needs: Sequence[str] = ()) -> None:
    """Limit what this thread sees from now on; with ``needs`` it may change only its own."""
    limited = sight.is_limited or needs
    _asking.set(_Asking(sight, tuple(needs)) if limited else None)


def leave() -> None:
    """Let this thread see everything again."""
    _asking.set(None)


class _As(ContextDecorator):
    def __init__(self, asking: _Asking | None) -> None:
        self._now = asking

    def __enter__(self) -> None:
        self._token: Token[_Asking | None] = _asking.set(self._now)

    def __exit__(self, *_: object) -> None:
        _asking.reset(self._token)

    def _recreate_cm(self) -> "_As":
        return _As(self._now)


def unlimited() -> _As:
    """See everything for a while: for what is decided over all rows, not for what is shown."""
    return _As(None)


def of(sight: Sight) -> _As:
    """See what somebody sees for a while, outside of the request of whoever that is."""
    return _As(_Asking(sight) if sight.is_limited else None)


def kept() -> Callable[[], _As]:
    """Return what brings back the present limits, for an answer that is made bit by bit."""
    asking = _asking.get()
    return lambda: _As(asking)


def limited() -> Sight | None:
    """Return the sight of who asks, if it is limited."""
    asking = _asking.get()
    return asking.sight if asking is not None and asking.sight.is_limited else None


def whole_projects() -> frozenset[str] | None:
    """Return the projects in which everything is seen; ``None`` if that is so everywhere."""
    sight = limited()
    if sight is None:
        return None
    within = frozenset(filter(None, [sight.within]))
    if sight.everything:
        return within
    return sight.projects & within if within else sight.projects


def sees_whole(project_id: str | None) -> bool:
    """Return whether everything is seen of a project; ``None`` stands for all there are."""
    projects = whole_projects()
    return projects is None or project_id in projects


def saw(session: Session, project_id: str | None, created_by: str | None) -> bool:
    """Return whether a job or chain was seen that is gone: of this project, of this owner."""
    sight = limited()
    if sight is None:
        return True
    return bool(session.scalar(sa.select(owned_by(project_id, created_by, sight))))


def check_whole(project_id: str | None) -> None:
    """Raise :class:`Forbidden` unless everything is seen of a project that is to be changed."""
    if not sees_whole(project_id):
        raise Forbidden("only members of this project may do this", {"needs": ["membership"]})


def check_own(created_by: str | None) -> None:
    """Raise :class:`Forbidden` if one may change only what one owns, and another owns this."""
    asking = _asking.get()
    if asking is not None and asking.needs and created_by != asking.sight.actor:
        raise Forbidden("this belongs to somebody else", {"needs": list(asking.needs)})


def home_project() -> str:
    """Return the project of what is made without naming one."""
    sight = limited()
    return DEFAULT_PROJECT if sight is None or sight.within is None else sight.within


@functools.lru_cache(maxsize=256)
def _criteria(sight: Sight) -> tuple[Any, ...]:
    return tuple(
        with_loader_criteria(model, condition(model, sight), include_aliases=True)
        for model, condition in CONDITIONS.items()
    )


def _watch(session: Session) -> None:
    if limited() is not None:
        sa.event.listen(session, "do_orm_execute", _narrow)


def _narrow(state: ORMExecuteState) -> None:
    sight = limited()
    # What is read anew was found before, under the same limits.
    if sight is None or state.is_insert or state.is_column_load:
        return
    if state.is_orm_statement:
        state.statement = state.statement.options(*_criteria(sight))
    elif _reaches(state.statement):
        raise RuntimeError("a query of a limited request that can't be limited; see sight.py")


def _reaches(statement: Any) -> bool:
    """Return whether a statement that the mapper does not know may read what is limited."""
    parts = visitors.iterate(statement)
    return any(
        isinstance(part, sa.TextClause) or getattr(part, "name", None) in _TABLES
        for part in parts
        if isinstance(part, sa.TextClause | sa.Table)
    )


db.on_open(_watch)
