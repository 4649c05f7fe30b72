"""Rows for tests that look at the ledger, as consistent as the product's own."""

from datetime import timedelta

import sqlalchemy as sa

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import Execution, Job


def make_job(session, **over):
    """Insert a shell job and return it."""
    values = {
        "id": new_id(),
        "name": "a job",
        "type": "shell",
        "config": '{"script": "true"}',
        "priority": 5,
        "project_id": "default",
        "timezone": "UTC",
        "status": "scheduled",
        "queue": "default",
        "created_at": now(),
        "updated_at": now(),
    }
    job = Job(**values | over)
    session.add(job)
    session.flush()
    return job


def make_execution(session, job, status="completed", days=0.0, **over):
    """Insert an execution of a job, as it would stand if it had been due ``days`` ago."""
    moment = now() - timedelta(days=days)
    job.last_number += 1
    session.flush()
    row_id = new_id()
    has_started = status not in (*state.WAITING, state.SKIPPED)
    values = {
        "id": row_id,
        "root_execution_id": row_id,
        "job_id": job.id,
        "project_id": job.project_id,
        "number": job.last_number,
        "status": status,
        "attempt": 1,
        "origin": "api",
        "on_lost": "fail",
        "deaths": 0,
        "queue": job.queue,
        "priority": 5,
        "due_at": moment,
        "run_at": moment,
        "created_at": moment,
        "queued_at": None if status == state.SCHEDULED else moment,
        "started_at": moment if has_started else None,
        "completed_at": moment if status in state.FINAL else None,
        "output_truncated": False,
        "generation": 1,
        "epoch": 1 if has_started else 0,
        "cancel_forced": False,
    }
    session.execute(sa.insert(Execution), [values | over])
    return row_id
