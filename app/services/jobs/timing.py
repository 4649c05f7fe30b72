"""When a job runs: judging its schedule and its moment, new or changed."""

import functools
from datetime import datetime
from typing import Any

import orjson

from app.domain import schedules
from app.domain.clock import now, to_wire
from app.domain.errors import Invalid
from app.domain.schedules import Schedule
from app.domain.schedules.once import parse_moment
from app.models import Job
from app.services.jobs.faults import Faults
from app.services.schedules import planning


def vet_new(values: dict[str, Any], moment: datetime, zone: str, faults: Faults) -> None:
    """Judge when a new job runs; replace its schedule and moment by what is stored."""
    wished = values.get("schedule") or {}
    values["timezone"] = _zone(values, wished) or zone
    schedule = _read(values, faults)
    if faults.touch("schedule"):
        return
    if schedule is not None and schedule.type != "once":
        _refuse_moment(values, faults, is_present=False)
        values["scheduled_at"] = None
        return
    _vet_moment(values, moment, values["timezone"], faults)
    if not values.setdefault("scheduled_at", None) and not faults.touch("scheduled_at"):
        faults.add("scheduled_at", "scheduled_at is required when immediate is false")


def vet_edit(values: dict[str, Any], present: Job, moment: datetime, faults: Faults) -> None:
    """Judge what an edit says of when a job runs."""
    if "schedule" not in values and "timezone" in values and present.schedule:
        values["schedule"] = orjson.loads(present.schedule) | {"timezone": values["timezone"]}
    if "schedule" in values:
        values.setdefault("timezone", _zone(values, values["schedule"] or {}) or present.timezone)
        if _read(values, faults) is None and faults.touch("schedule"):
            return
    kept = values.get("schedule", present.schedule)
    zone = values.get("timezone") or present.timezone
    if kept:
        is_present = _is_named(values, present.scheduled_at, moment, zone)
        _refuse_moment(values, faults, is_present=is_present)
        return
    _vet_moment(values, moment, zone, faults)
    if "schedule" in values and present.schedule and not values.get("scheduled_at"):
        faults.add("scheduled_at", "scheduled_at is required for a job that runs once")


def _zone(values: dict[str, Any], wished: Any) -> str | None:
    named = wished.get("timezone") if isinstance(wished, dict) else None
    return named if isinstance(named, str) else values.get("timezone")


def _read(values: dict[str, Any], faults: Faults) -> Schedule | None:
    """Replace the wished schedule, if there is one, by the text to store; ``None`` for once."""
    wished = values.get("schedule")
    if wished is None or faults.touch("schedule"):
        values["schedule"] = None
        return None
    try:
        schedule = schedules.read(wished, values["timezone"])
    except Invalid as error:
        faults.found += error.faults
        return None
    values["timezone"] = schedule.timezone
    if schedule.type == "once" and schedule.scheduled_at is not None:
        values["scheduled_at"] = to_wire(schedule.scheduled_at)
    values["schedule"] = (
        None if schedule.type == "once" else orjson.dumps(schedules.to_json(schedule)).decode()
    )
    return schedule


def _is_named(
    values: dict[str, Any], present: datetime | None, moment: datetime, zone: str
) -> bool:
    """Return whether the wished moment is the one that a job has at present."""
    wished = values.get("scheduled_at")
    try:
        return wished is not None and parse_moment(wished, moment, zone) == present
    except ValueError:
        return False


def _refuse_moment(values: dict[str, Any], faults: Faults, *, is_present: bool) -> None:
    """A job that recurs has its moments from its schedule; its present one may be repeated."""
    if values.pop("immediate", False):
        faults.add("immediate", "is for jobs that run once; a schedule says when this one runs")
    wished = values.pop("scheduled_at", None)
    if wished is not None and not is_present:
        message = "is for jobs that run once; a schedule says when this one runs"
        faults.add("scheduled_at", message, wished)


def _vet_moment(values: dict[str, Any], moment: datetime, zone: str, faults: Faults) -> None:
    """Replace the wished moment, a text, by the moment; ``immediate`` means now."""
    if values.pop("immediate", False):
        values["scheduled_at"] = moment
        return
    text = values.get("scheduled_at")
    if not text:
        return
    try:
        values["scheduled_at"] = parse_moment(text, moment, zone)
    except ValueError as error:
        faults.add("scheduled_at", str(error), text)
        return
    if values["scheduled_at"] < moment:
        faults.add("scheduled_at", "schedule time must be in the future", text)


def schedule_wire(job: Any) -> dict[str, Any]:
    """Return a job's schedule as it goes on the wire."""
    if not job.schedule:
        return {"type": "once", "timezone": job.timezone}
    return schedules.to_json(planning.schedule_of(job))


def schedule_words(job: Any) -> dict[str, str] | None:
    """Return when a job runs, in plain words of each language; ``None`` if it runs once."""
    return _words(job.schedule) if job.schedule else None


@functools.lru_cache(maxsize=4096)
def _words(stored: str) -> dict[str, str]:
    schedule = schedules.read(orjson.loads(stored))
    return schedules.in_words(schedule)


def warnings(job: Any) -> list[str]:
    """Return what may not be meant in a job's schedule."""
    schedule = planning.schedule_of(job)
    return schedules.warnings(schedule, now()) if schedule.is_recurring else []
