"""Forgetting samples and figures of what was used: each kind for as long as its setting says."""

import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now, reading, transaction
from app.models import JobRollup, UsageSample
from app.services import installation
from app.services.usage.rollups import PERIODS
from app.settings import Settings

#: Of so many executions at a time, each of which has a bounded number of samples.
_EXECUTIONS = 20
_ROLLUPS = 500
_DAY_SECONDS = 86_400
_PAUSE_SECONDS = 0.01


def purge_in_batches(settings: Settings) -> int:
    """Delete what is past its time; return how many rows went. Executions are not touched."""
    with reading() as session:
        days = int(installation.runtime_value(session, settings, "metrics_retention_days"))
    return _all(_forget_samples, days) + _all(_forget_rollups, settings.rollup_retention_days)


def _all(forget_some: Callable[[Session, int], int], days: int) -> int:
    count, gone = 0, -1
    while gone:
        with transaction() as session:
            gone = forget_some(session, days)
        count += gone
        time.sleep(_PAUSE_SECONDS)
    return count


def _forget_samples(session: Session, days: int) -> int:
    is_old = UsageSample.sampled_at < db_now(-_DAY_SECONDS * days)
    of = sa.select(UsageSample.execution_id).where(is_old).order_by(UsageSample.sampled_at)
    ids = set(session.scalars(of.limit(_EXECUTIONS)))
    if not ids:
        return 0
    gone = sa.delete(UsageSample).where(UsageSample.execution_id.in_(ids), is_old)
    result = session.execute(gone.returning(UsageSample.sampled_at))
    return len(result.all())


def _forget_rollups(session: Session, days: int) -> int:
    key = (JobRollup.job_id, JobRollup.period, JobRollup.period_start)
    is_old = JobRollup.period_start < db_now(-_DAY_SECONDS * days)
    old = sa.select(*key).where(JobRollup.period.in_(list(PERIODS)), is_old).limit(_ROLLUPS)
    rows = [tuple(row) for row in session.execute(old)]
    if rows:
        session.execute(sa.delete(JobRollup).where(sa.tuple_(*key).in_(rows)))
    return len(rows)
