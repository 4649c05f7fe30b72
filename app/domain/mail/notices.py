"""When people are written to about a job: the rules, without mail and database.

A job that fails again and again sends one mail about it in :data:`QUIET`; the next one says how
many were left out. Three failures in a row raise an alarm, and the next success calls it off.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.domain import execution_state as state

#: When somebody wants to hear of the ends of a job.
ALWAYS, FAILURE, SUCCESS = "always", "failure", "success"
WISHES: Final = (ALWAYS, FAILURE, SUCCESS)
#: Kinds of notices.
CANCELLED, ALARM, RECOVERY = "cancelled", "alarm", "recovery"
KINDS: Final = (FAILURE, SUCCESS, CANCELLED, ALARM, RECOVERY)
#: So many failures in a row raise an alarm.
ALARM_AT: Final = 3
#: Of one job, failures and alarms are told no more often than this.
QUIET: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Streak:
    """What is remembered of a job from one end to the next."""

    failures: int = 0
    is_alarmed: bool = False
    alarmed_at: datetime | None = None
    mailed_at: datetime | None = None
    #: Failures that nobody was told of since ``mailed_at``.
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told of an end, each at most once."""

    #: To those who want to hear of this end: failure, success or cancelled.
    notice: str | None = None
    #: To those who want to hear of failures, and to the whole installation's alarm addresses.
    alarm: str | None = None
    #: Failures before this one of which nobody was told.
    left_out: int = 0


def end_of(status: str) -> str:
    """Return as what an execution's final status counts: failure, success or cancelled."""
    if status == state.COMPLETED:
        return SUCCESS
    return CANCELLED if status == state.CANCELLED else FAILURE


def wants(wish: str, kind: str) -> bool:
    """Return whether somebody with this wish wants to hear of an end, or of an alarm."""
    told_of = {ALARM: FAILURE, RECOVERY: FAILURE}.get(kind, kind)
    return wish in {ALWAYS, told_of}


def judge(streak: Streak, end: str, moment: datetime) -> tuple[Streak, Verdict]:
    """Return what is remembered after an end, and what is told of it."""
    if end == FAILURE:
        return _failed(streak, moment)
    if end == CANCELLED:
        return streak, Verdict(CANCELLED)
    if not streak.failures:
        return streak, Verdict(SUCCESS)
    after = replace(streak, failures=0, is_alarmed=False)
    return after, Verdict(SUCCESS, RECOVERY if streak.is_alarmed else None)


def _failed(streak: Streak, moment: datetime) -> tuple[Streak, Verdict]:
    after = replace(streak, failures=streak.failures + 1)
    raises = (
        after.failures >= ALARM_AT and not after.is_alarmed and _is_over(after.alarmed_at, moment)
    )
    if raises:
        after = replace(after, is_alarmed=True, alarmed_at=moment)
    if raises or _is_over(after.mailed_at, moment):
        verdict = Verdict(FAILURE, ALARM if raises else None, after.left_out)
        return replace(after, mailed_at=moment, left_out=0), verdict
    return replace(after, left_out=after.left_out + 1), Verdict()


def _is_over(since: datetime | None, moment: datetime) -> bool:
    return since is None or moment - since >= QUIET
