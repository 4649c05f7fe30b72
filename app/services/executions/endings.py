"""How executions end: settled by their owner, or judged when the owner is gone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.events import ExecutionEnded
from app.domain.fingerprint import fingerprint
from app.events import emit
from app.models import Execution, Job
from app.services import tallies
from app.services.driver.prepared import Prepared
from app.services.executions import keys, limits, retries
from app.services.executions.following import follow_ended, follow_job
from app.services.executions.overlaps import free_held
from app.services.executions.results import Result
from app.services.executions.sql import STARTED
from app.services.executions.taken import Claim

#: A due moment under which so many workers died is poison.
POISON_DEATHS = 3

_JOB_STATUS = {
    state.COMPLETED: "completed",
    state.FAILED: "failed",
    state.TIMEOUT: "failed",
    state.DEAD_LETTER: "failed",
    state.CANCELLED: "cancelled",
}


#: Columns that a settled execution takes from its result.
_KEPT = (
    "status",
    "duration_ms",
    "exit_code",
    "error",
    "error_code",
    "output_tail",
    "output_truncated",
    "cpu_seconds",
    "max_rss_bytes",
    "max_cpu_percent",
    "mean_rss_bytes",
)

_executions: Any = Execution.__table__


def _settling(*columns: str) -> Prepared:
    return Prepared(
        sa.update(_executions)
        .where(
            _executions.c.id == sa.bindparam("of_id"),
            _executions.c.epoch == sa.bindparam("of_epoch"),
            STARTED,
        )
        .values(
            {name: sa.bindparam(name) for name in columns}
            | {"completed_at": db_now(), "lease_until": sa.null()}
        )
    )


#: By whether it waited after its claim, and so started later than that said. SQLite writes anew
#: each index that has a column which is set, though to what it was: of starts there are many.
_SETTLE = {
    False: _settling(*_KEPT, "lateness_ms"),
    True: _settling(*_KEPT, "lateness_ms", "started_at"),
}
#: A shorter wait than this many milliseconds is that from any claim to its start.
_NO_WAIT_MS = 5


def settle_all(session: Session, ended: Sequence[tuple[Claim, Result]]) -> None:
    """Write how several attempts ended, with few statements; the same as settling each."""
    alike = [(claim, result) for claim, result in ended if not _needs_more(claim, result)]
    is_done = _written_together(session, alike)
    for claim, result in ended:
        if not is_done or _needs_more(claim, result):
            settle(session, claim, result)
    if is_done:
        _follow_up(session, alike)


def _follow_up(session: Session, ended: Sequence[tuple[Claim, Result]]) -> None:
    """Do what follows from ends that were written together."""
    for claim, result in ended:
        _count_end(session, claim.type, result.verdict, result.duration_ms)
    waited_for: list[str] = []
    for status in {_JOB_STATUS[result.verdict] for _, result in ended}:
        jobs = [c.job_id for c, r in ended if _JOB_STATUS[r.verdict] == status]
        waited_for += follow_ended(session, jobs, status)
    _free_places(session, [claim for claim, _ in ended])
    for key in waited_for:
        free_held(session, key)
    for claim, result in ended:
        ended_now = ExecutionEnded(
            claim.id, claim.job_id, result.verdict, chain_run_id=claim.chain_run_id
        )
        emit(session, ended_now)


def _written_together(session: Session, ended: Sequence[tuple[Claim, Result]]) -> bool:
    """Write all ends in one go; if one of them can't be, write none and return ``False``."""
    if len(ended) < 2:
        return False
    values = [_values(claim, result) for claim, result in ended]
    with session.begin_nested() as attempt:
        if sum(_settled(session, values, has_waited=one) for one in (False, True)) == len(ended):
            return True
        attempt.rollback()
    return False


def _settled(session: Session, values: list[dict[str, Any]], *, has_waited: bool) -> int:
    """Write the ends of those that waited, or of the others; return how many rows held them."""
    mine = [one for one in values if ("started_at" in one) == has_waited]
    return _SETTLE[has_waited].write(session, mine) if mine else 0


def _needs_more(claim: Claim, result: Result) -> bool:
    return retries.is_judged(claim, result) or _is_handed_on(claim, result)


def _is_handed_on(claim: Claim, result: Result) -> bool:
    return result.error_code == "WORKER_SHUTDOWN" and claim.on_lost == "retry"


def settle(session: Session, claim: Claim, result: Result) -> bool:
    """Write how an attempt ended. ``False``: the claim's epoch no longer holds, nothing written.

    Writing the same result again is accepted, so that an unknown commit can be repeated.
    """
    fate = retries.fate_of(session, claim, result)
    status = state.DEAD_LETTER if fate == "bury" else result.verdict
    values = _values(claim, result) | {"status": status}
    if _settled(session, [values], has_waited="started_at" in values) != 1:
        return _already_settled(session, claim, result)
    retries.conclude(session, claim, result, fate)
    if _is_handed_on(claim, result):
        _hand_on(session, session.get_one(Execution, claim.id))
    _count_end(session, claim.type, status, result.duration_ms)
    waited_for = follow_ended(session, [claim.job_id], _JOB_STATUS[status])
    _free_places(session, [claim])
    for key in waited_for:
        free_held(session, key)
    will_retry = fate == "retry" or _is_handed_on(claim, result)
    ended = ExecutionEnded(claim.id, claim.job_id, status, will_retry, claim.chain_run_id)
    emit(session, ended)
    return True


def _free_places(session: Session, ended: Sequence[Claim | Execution]) -> None:
    """Let others have the places that these took in their queues and under their keys."""
    keys.touch(session, [one.concurrency_key for one in ended])
    limits.ended(session, [one.queue for one in ended])


def _values(claim: Claim, result: Result) -> dict[str, Any]:
    started_at = claim.started_at + timedelta(milliseconds=result.waited_ms)
    has_waited = result.waited_ms >= _NO_WAIT_MS
    return {name: getattr(result, name) for name in _KEPT if hasattr(result, name)} | {
        "status": result.verdict,
        "lateness_ms": _milliseconds(started_at - claim.run_at),
        "of_id": claim.id,
        "of_epoch": claim.epoch,
        **({"started_at": started_at} if has_waited else {}),
    }


def _already_settled(session: Session, claim: Claim, result: Result) -> bool:
    row = session.get(Execution, claim.id)
    same = row is not None and row.epoch == claim.epoch
    same = same and row is not None and row.status in {result.verdict, state.DEAD_LETTER}
    same = same and row is not None and row.error_code == result.error_code
    if not same:
        tallies.add(session, "events", "stale_results")
    return same


def _count_end(session: Session, kind: str, verdict: str, duration_ms: int) -> None:
    tallies.add(session, "ends", f"{kind}:{verdict}")
    tallies.add(session, "seconds", f"{kind}:{verdict}", duration_ms / 1000)


def lose(session: Session, row: Execution, reason: str = "its worker died") -> str:
    """Judge a started execution whose owner is gone; returns the status it ends with."""
    will_retry = False
    row.deaths += 1
    row.completed_at, row.lease_until = now(), None
    row.exit_code, row.error, row.error_code = None, f"Worker lost: {reason}", "WORKER_LOST"
    if row.status == state.CANCELLING:
        row.status, row.exit_code = state.CANCELLED, 130
    elif row.deaths >= POISON_DEATHS:
        row.status, row.error_code = state.DEAD_LETTER, "POISON"
        row.error = f"{row.deaths} workers died while running it"
        row.fingerprint = fingerprint(row.error, row.error_code)
    else:
        row.status = state.FAILED
        if row.on_lost == "retry":
            will_retry = True
            _hand_on(session, row)
    kind = session.scalar(sa.select(Job.type).where(Job.id == row.job_id)) or "unknown"
    _count_end(session, kind, row.status, 0)
    follow_job(session, row.job_id, _JOB_STATUS[row.status])
    _free_places(session, [row])
    if row.exclusive_key:
        free_held(session, row.job_id)
    emit(session, ExecutionEnded(row.id, row.job_id, row.status, will_retry, row.chain_run_id))
    return row.status


def _hand_on(session: Session, row: Execution) -> None:
    """Repeat at once what a worker could not finish; the job's own retries are not touched."""
    retries.repeat(session, row, status=state.QUEUED, delay=0, retries=row.retries)


def _milliseconds(delta: timedelta) -> int:
    return round(delta.total_seconds() * 1000)
