"""Asking the API, and filling its tables, in tests."""

import sqlalchemy as sa

from app.db import transaction
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import Execution, Job
from app.services import executions
from app.services.executions import Owner, Result

LATER = "2100-01-01T00:00:00Z"


def wish(**over):
    """Return the body that makes a shell job; a value of ``...`` leaves a field out."""
    body = {
        "name": "a job",
        "type": "shell",
        "config": {"script": "echo hi"},
        "scheduled_at": LATER,
    }
    return {name: value for name, value in (body | over).items() if value is not ...}


def make(client, **over):
    """Make a job over the API and return it."""
    answer = client.post("/api/jobs", json=wish(**over))
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def get(client, path, **query):
    """Return the body of a successful GET."""
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def refused(answer, status, *fields):
    """Assert that a request was refused for these fields; return the body."""
    assert answer.status_code == status, answer.text
    assert answer.json.keys() == {"error", "code", "details", "trace_id"}
    if fields:
        assert [fault["field"] for fault in answer.json["details"]] == list(fields)
    return answer.json


def rows_of(client, job_id):
    """Return all executions of a job, the newest first."""
    found = get(client, "/api/executions", job_id=job_id, include="all")["data"]
    return sorted(found, key=lambda row: -row["number"])


def claim_one():
    """Start the next execution as a worker would; return the claim."""
    with transaction() as session:
        return executions.claim(
            session, Owner("worker-1", "1.0"), ["default"], 1, 60, oldest=False
        )[0]


def settle(claim, verdict="completed", **over):
    """End a started execution as a worker would."""
    values = {"duration_ms": 40, "exit_code": 0 if verdict == "completed" else 1} | over
    with transaction() as session:
        assert executions.settle(session, claim, Result(verdict, **values))


def walk(client, path, **query):
    """Return the rows of a list by cursor to the end, and each page's total."""
    rows, totals, cursor = [], [], None
    while True:
        page = get(client, path, **query, **({"cursor": cursor} if cursor else {}))
        rows += page["data"]
        totals.append(page["total"])
        cursor = page["next_cursor"]
        if cursor is None:
            return rows, totals


def fill(jobs, per_job=0):
    """Insert many jobs with as many executions each, most of them ended."""
    moment = now()
    made = [
        {
            "id": new_id(),
            "name": f"job {number}",
            "type": "shell",
            "config": '{"script":"true"}',
            "scheduled_at": None if number % 10 == 9 else moment,
            "priority": number % 10 + 1,
            "project_id": "default",
            "timezone": "UTC",
            "status": "completed",
            "enabled": True,
            "queue": "default",
            "on_lost": "fail",
            "overlap": "skip",
            "version": 1,
            "last_number": per_job,
            "created_at": moment,
            "updated_at": moment,
        }
        for number in range(jobs)
    ]
    rows = [_row(job["id"], number, moment) for job in made for number in range(1, per_job + 1)]
    with transaction() as session:
        if made:
            session.connection().execute(sa.insert(Job), made)
        if rows:
            session.connection().execute(sa.insert(Execution), rows)
    return [job["id"] for job in made]


def _row(job_id, number, moment):
    row_id = new_id()
    is_over = number % 7 != 0
    return {
        "id": row_id,
        "root_execution_id": row_id,
        "job_id": job_id,
        "project_id": "default",
        "number": number,
        "status": state.COMPLETED if is_over else state.RUNNING,
        "attempt": 1,
        "origin": "api",
        "on_lost": "fail",
        "deaths": 0,
        "queue": "default",
        "priority": 5,
        "due_at": moment,
        "run_at": moment,
        "started_at": moment,
        "completed_at": moment if is_over else None,
        "duration_ms": number % 50 if is_over else None,
        "output_truncated": False,
        "generation": 1,
        "epoch": 1,
        "cancel_forced": False,
        "created_at": moment,
    }
