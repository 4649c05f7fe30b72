"""What a schedule would do, told to somebody who thinks of giving it to a job."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import schedules
from app.domain.clock import now
from app.domain.decisions import Told, say
from app.domain.errors import Fault, Invalid
from app.domain.schedules import Due, Schedule, Transition
from app.models import Job

DEFAULT_COUNT = 10
#: So many of the next moments are held against what other schedules are about to do, and in each
#: minute so many of these are counted.
_HELD, _MOST = 5, 1000
_MINUTE = timedelta(minutes=1)


def preview(
    session: Session, wish: Mapping[str, Any], faults: Sequence[Fault], default_zone: str
) -> dict[str, Any]:
    """Return the next moments of a wished schedule, the schedule in words, and warnings.

    ``faults`` are what is wrong with the wish as far as is known. Raises :class:`Invalid` with
    these and with what is wrong with the schedule.
    """
    schedule = _read(wish, faults, default_zone)
    start = wish.get("from") or now()
    seen = schedules.preview(schedule, start, wish.get("count", DEFAULT_COUNT))
    notes = [*schedules.notes(schedule, start), *_collisions(session, seen.due[:_HELD])]
    return {
        "next": [_moment(due) for due in seen.due],
        "words": schedules.in_words(schedule),
        "transitions": [_transition(change) for change in seen.transitions],
        "warnings": [note["text"] for note in notes],
        "notes": notes,
    }


def _read(wish: Mapping[str, Any], faults: Sequence[Fault], default_zone: str) -> Schedule:
    found = list(faults)
    try:
        schedule = schedules.read(wish.get("schedule", {}), wish.get("timezone") or default_zone)
    except Invalid as error:
        found += error.faults if "schedule" in wish else []
    if found:
        raise Invalid(found)
    return schedule


def _moment(due: Due) -> dict[str, Any]:
    shown = {"utc": due.utc, "local": due.local.isoformat()}
    return shown | ({"blackout": due.blackout} if due.blackout else {})


def _transition(change: Transition) -> dict[str, Any]:
    return {
        "at": change.at,
        "before": change.before.isoformat(),
        "after": change.after.isoformat(),
        "kind": change.kind,
        "effect": change.effect,
        "words": {"en": change.describe("en"), "vi": change.describe("vi")},
    }


def _collisions(session: Session, dues: Sequence[Due]) -> Iterator[Told]:
    """Yield the minutes in which other jobs are due, too; of each its next moment is known."""
    minutes = {due.utc.replace(second=0, microsecond=0): due.local for due in reversed(dues)}
    if not minutes:
        return
    counts = session.execute(sa.select(*(_jobs_in(minute) for minute in minutes))).one()
    for count, wall in reversed([*zip(counts, minutes.values(), strict=True)]):
        if count:
            yield _collision(count, f"{wall:%Y-%m-%d %H:%M}")


def _jobs_in(minute: datetime) -> sa.ScalarSelect[int]:
    """Return the query of how many jobs are due in a minute; beyond a limit nobody counts."""
    due = sa.select(Job.id).where(Job.next_due_at >= minute, Job.next_due_at < minute + _MINUTE)
    return sa.select(sa.func.count()).select_from(due.limit(_MOST + 1).subquery()).scalar_subquery()


def _collision(count: int, at: str) -> Told:
    if count > _MOST:
        return say("note_collides_most", count=f"{_MOST:,}", at=at)
    if count == 1:
        return say("note_collides_one", at=at)
    return say("note_collides", count=f"{count:,}", at=at)
