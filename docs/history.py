"""A month of executions for the pictures, as if the product had run all that time."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app import connections
from app.domain import clock
from app.domain.ids import new_id
from app.domain.schedules import preview, read
from app.models import ChainRun, Execution, Job
from tests.browser.company import STEPS, WORKS, ZONE, Company, Work

#: So many days back; of what runs many times a day fewer.
DAYS, DAYS_OF_FREQUENT = 30, 4
FAULTS = {
    "nightly-backup": "rsync: connection closed by the other side",
    "stock-sync": "the warehouse did not answer within 10 s",
    "payment-reconcile": "the bank answered 429",
    "search-reindex": "no space left on device",
    "price-feed": "the supplier answered 503",
    "late-order-reminder": "no template for the language de",
}
_chance = random.Random(20260)  # noqa: S311 - it makes durations


def remember(company: Company) -> None:
    """Write what each job has done into the database of the product, which may be running."""
    model = company.newest("invoice-export")
    engine = connections.open_engine(f"sqlite:///{company.product.data / 'oneoff.db'}")
    with engine.begin() as connection:
        for work in WORKS:
            job_id = company.ids["jobs"][work.name]
            job = connection.execute(sa.select(Job.project_id).where(Job.id == job_id)).one()
            rows = [_row(work, job_id, job.project_id, model, at) for at in _moments(work)]
            _number(connection, job_id, rows)
            connection.execute(sa.insert(Execution), rows)
            _set_back(connection, job_id, hours=0, seconds=work.seconds)
        for hours, name in enumerate(("crm-contact-sync", *(name for name, _ in STEPS)), 4):
            _set_back(connection, company.ids["jobs"][name], hours=min(hours, 5), seconds=20)
        _set_back(connection, company.ids["jobs"]["thumbnail-render"], hours=0, seconds=420)
        for run in connection.execute(sa.select(ChainRun)).all():
            moments = {"started_at": run.started_at - timedelta(hours=5, seconds=60)}
            if run.completed_at:
                moments["completed_at"] = run.completed_at - timedelta(hours=5)
            connection.execute(sa.update(ChainRun).where(ChainRun.id == run.id).values(**moments))
    engine.dispose()


def _set_back(connection: sa.Connection, job_id: str, *, hours: int, seconds: float) -> None:
    """Have what the product itself has run of a job be so many hours ago, and take some time."""
    began = Execution.worker.is_not(None) & (Execution.origin != "schedule")
    wanted = sa.select(Execution).where(Execution.job_id == job_id, began)
    for row in connection.execute(wanted).all():
        back = timedelta(hours=hours)
        start = row.started_at - back - timedelta(seconds=seconds)
        moments = dict.fromkeys(
            ("due_at", "run_at", "created_at", "queued_at", "started_at"), start
        )
        if row.completed_at:
            moments["completed_at"] = row.completed_at - back
            known = {"duration_ms": int((moments["completed_at"] - start).total_seconds() * 1000)}
            connection.execute(
                sa.update(Execution).where(Execution.id == row.id).values(**moments, **known)
            )
        else:
            connection.execute(sa.update(Execution).where(Execution.id == row.id).values(**moments))


def _moments(work: Work) -> Iterator[datetime]:
    """Yield when a job was due in the past, the oldest first."""
    schedule = read({"type": "cron", "expression": work.cron, "timezone": ZONE})
    now = clock.now()
    is_frequent = work.cron.split()[1] == "*"
    at = now - timedelta(days=DAYS_OF_FREQUENT if is_frequent else DAYS)
    # What has just been due is the product's own affair.
    end = now - timedelta(minutes=3)
    while True:
        due = [one.utc for one in preview(schedule, at, 100).due]
        yield from (one for one in due if one < end)
        if not due or due[-1] >= end:
            return
        at = due[-1]


def _row(
    work: Work, job_id: str, project_id: str, model: dict[str, Any], at: datetime
) -> dict[str, Any]:
    has_failed = _chance.random() * 100 < work.failures
    late = timedelta(milliseconds=_chance.randint(4, 90))
    took = timedelta(seconds=work.seconds * _chance.lognormvariate(0, 0.18))
    told = FAULTS.get(work.name)
    error = f"Script exited with code 2: {told}" if told else model["error"]
    fault = {"error": error, "error_code": model["error_code"]}
    row_id = new_id()
    return {
        "id": row_id,
        "root_execution_id": row_id,
        "job_id": job_id,
        "project_id": project_id,
        "status": "failed" if has_failed else "completed",
        "exit_code": 2 if has_failed else 0,
        **(fault if has_failed else {"error": None, "error_code": None}),
        "attempt": 1,
        "origin": "schedule",
        "on_lost": "fail",
        "deaths": 0,
        "queue": "default",
        "priority": work.priority,
        "due_at": at,
        "run_at": at,
        "created_at": at,
        "queued_at": at,
        "started_at": at + late,
        "completed_at": at + late + took,
        "duration_ms": int(took.total_seconds() * 1000),
        "lateness_ms": int(late.total_seconds() * 1000),
        "job_version": 1,
        "worker": model["worker"],
        "output_truncated": False,
        "generation": 1,
        "epoch": 1,
        "cancel_forced": False,
    }


def _number(connection: sa.Connection, job_id: str, rows: list[dict[str, Any]]) -> None:
    """Give old executions the first numbers, and those that the product made the next."""
    for number, row in enumerate(rows, 1):
        row["number"] = number
    own = sa.update(Execution).where(Execution.job_id == job_id)
    connection.execute(own.values(number=Execution.number + len(rows) + 10_000))
    connection.execute(own.values(number=Execution.number - 10_000))
    known = {"last_number": Job.last_number + len(rows)}
    if rows:
        known["created_at"] = rows[0]["due_at"] - timedelta(days=1)
    connection.execute(sa.update(Job).where(Job.id == job_id).values(**known))
