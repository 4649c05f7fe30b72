"""Going through many things: trying out, and doing some at a time."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain.errors import DomainError, NotFound
from app.services import audit, idempotency
from app.services.bulk.acts import Act
from app.services.listing import Wanted

log = logging.getLogger(__name__)

#: So many are met in one call, at most, and so many are given one by one.
MOST = 500
MOST_IDS = 1000
#: No call begins another handful after so many seconds: whoever waits shall see it move.
_SECONDS = 2.0
_HANDFUL = 50
#: So many are tried out in a dry run, and so many are shown.
_TRIED = 50
_SHOWN = 5
_AWAY = "the database was busy, or away"
#: Nothing is counted beyond.
_COUNTED = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What is meant: filters, which bound when it was made, and from where to go on."""

    filters: Any
    limit: int = 100
    cursor: str | None = None
    #: The request that is done at most once, if it is to be.
    once: idempotency.Request | None = None


class _Undone(Exception):
    """Ends a unit of work of which nothing may be kept."""


class _Done(Exception):
    """The same request has done this before."""


class _Moved(Exception):
    """The filters do not let this through any more."""


def try_out(act: Act, wish: Wish) -> dict[str, Any]:
    """Return how many there are, some of them, and why those can't take part that can't.

    The oldest are tried: the act is done and undone, each in a unit of work of its own.
    """
    with reading() as session:
        count = _count(session, act, wish)
        ids, _ = act.things.ids(session, wish.filters, Wanted(limit=_TRIED))
        names = act.things.told(session, ids)
    refused = [
        {**names[one], "error": error} for one in ids if one in names and (error := _try(act, one))
    ]
    return {
        "matched": count,
        "checked": len(ids),
        "refused": len(refused),
        "refusals": refused,
        "samples": [names[one] for one in ids if one in names][:_SHOWN],
    }


def _count(session: Session, act: Act, wish: Wish) -> int:
    where = act.things.conditions(session, wish.filters)
    some = sa.select(act.things.model.id).where(*where).limit(_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _try(act: Act, thing_id: str) -> str | None:
    """Return why a thing can't take part; ``None`` if it can."""
    try:
        with transaction() as session:
            (act.check or act.do)(session, thing_id)
            _undo(session)
    except _Undone:
        return None
    except DomainError as error:
        return str(error)


def _undo(session: Session) -> NoReturn:
    """Leave a unit of work as if it had failed: nothing is kept, nobody is told."""
    session.flush()
    raise _Undone


def go_on(act: Act, wish: Wish) -> dict[str, Any]:
    """Do some, each in a unit of work of its own; return what became of each, and where it ends.

    ``next_cursor`` is ``None`` once all have been met. What changed meanwhile, so that the
    filters would not let it through any more, is left alone and counted as ``skipped``. What the
    same request has done before is not done again, and told as done.
    """
    audit.tell(act=act.name)
    results: list[dict[str, Any]] = []
    cursor: str | None = wish.cursor
    for ids, names, following in _handfuls(act, wish):
        results += [_one(act, wish, names[one]) for one in ids if one in names]
        cursor = following
    ended = [one["result"] for one in results]
    return {
        **{word: ended.count(word) for word in ("done", "refused", "skipped")},
        "results": results,
        "next_cursor": cursor,
    }


def _handfuls(
    act: Act, wish: Wish
) -> Iterator[tuple[list[str], dict[str, dict[str, Any]], str | None]]:
    """Yield ids with what is told of them, and the cursor of what follows, until it is enough."""
    until = time.monotonic() + _SECONDS
    cursor, left = wish.cursor, wish.limit
    while left > 0 and time.monotonic() < until:
        wanted = Wanted(limit=min(_HANDFUL, left), cursor=cursor)
        with reading() as session:
            ids, cursor = act.things.ids(session, wish.filters, wanted)
            names = act.things.told(session, ids)
        yield ids, names, cursor
        left -= len(ids)
        if cursor is None:
            return


def _one(act: Act, wish: Wish, told: dict[str, Any]) -> dict[str, Any]:
    target = audit.Target(act.things.kind, told["id"], told["name"])
    found = {"id": told["id"], "name": told["name"]}
    try:
        with audit.effect(act.name, target), transaction() as session:
            _take(session, wish, told["id"])
            _check_still_meant(session, act, wish, told["id"])
            act.do(session, told["id"])
    except _Done:
        return found | {"result": "done"}
    except (_Moved, NotFound):
        return found | {"result": "skipped"}
    except DomainError as error:
        return found | {"result": "refused", "error": str(error), "code": error.code}
    except OperationalError as error:  # of one thing: what was done to others must be told
        log.warning("%s failed: %s", act.name, type(error).__name__)
        return found | {"result": "refused", "error": _AWAY, "code": "DATABASE_UNAVAILABLE"}
    return found | {"result": "done"}


def _take(session: Session, wish: Wish, thing_id: str) -> None:
    """Leave word, in the unit of work itself, that this request has done this."""
    if wish.once is None:
        return
    mine = idempotency.part(wish.once, thing_id)
    if idempotency.begin(session, mine) is not None:
        raise _Done
    idempotency.finish(session, mine, idempotency.Answer(200, ""))


def _check_still_meant(session: Session, act: Act, wish: Wish, thing_id: str) -> None:
    """Look once more: it was found a moment before, in another unit of work."""
    things = act.things
    if things.lock is not None:
        things.lock(session, thing_id)
    where = things.conditions(session, wish.filters)
    query = sa.select(things.model.id).where(things.model.id == thing_id, *where)
    if session.scalar(query) is None:
        raise _Moved
