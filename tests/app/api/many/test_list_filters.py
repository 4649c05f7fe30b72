"""Filters of several values, on both databases: what is let through, in order, and how."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import reading, transaction
from app.models import Execution, Job
from app.services import execution_lists, keyset
from app.services.execution_lists import ExecutionFilters
from app.services.jobs import lists as job_lists
from app.services.jobs.lists import JobFilters
from tests.app.api.test_lists import plan_of
from tests.support.api import claim_one, get, make, refused, settle, walk
from tests.support.rows import make_execution, make_job

STATUSES = ("completed", "failed", "cancelled")
VALUES = {
    "status": STATUSES,
    "origin": ("api", "schedule", "manual"),
    "worker": ("w1", "w2"),
    "queue": ("default", "bulk"),
    "error_code": ("EXIT_CODE", "TIMEOUT"),
}
ROWS = st.lists(
    st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in VALUES.items()}
        | {"duration_ms": st.integers(0, 5)}
    ),
    max_size=12,
)
FILTERS: Any = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)
        for name, values in VALUES.items()
    }
    | {"duration_from": st.integers(0, 5)},
)
ORDERS = st.sampled_from([("started_at", "desc"), ("started_at", "asc"), ("duration_ms", "desc")])


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=ROWS, filters=FILTERS, order=ORDERS)
def test_executions_are_let_through_by_all_filters_and_any_value(client, rows, filters, order):
    with transaction() as session:
        session.execute(sa.delete(Execution))
        session.execute(sa.delete(Job))
        job = make_job(session)
        ids = [make_execution(session, job, days=n, **row) for n, row in enumerate(rows)]
    wanted = [
        row_id
        for row_id, row in zip(ids, rows, strict=True)
        if all(row[name] in filters.get(name, values) for name, values in VALUES.items())
        and row["duration_ms"] >= filters.get("duration_from", 0)
    ]
    query = {n: ",".join(v) if isinstance(v, list) else v for n, v in filters.items()}
    by, way = order
    found, totals = walk(client, "/api/executions", limit=3, sort_by=by, sort_order=way, **query)
    assert sorted(row["id"] for row in found) == sorted(wanted)
    assert set(totals) == {len(wanted)}
    keys = [(row[by], row["id"]) for row in found]
    assert keys == sorted(keys, reverse=way == "desc")


def test_values_are_repeated_or_stand_between_commas(client):
    for status in ("failed", "completed", "cancelled"):
        make(client, name=status, scheduled_at="now")
        with transaction() as session:
            session.execute(sa.update(Job).where(Job.name == status).values(status=status))
    for query in ("status=failed,cancelled", "status=failed&status=cancelled"):
        found = client.get(f"/api/jobs?{query}&sort_by=name").json["data"]
        assert [row["name"] for row in found] == ["cancelled", "failed"]
    many = ",".join(["failed"] * 5)
    assert get(client, "/api/jobs", status=many)["total"] == 1
    refused(client.get("/api/jobs?status=failed,odd"), 400, "status")
    refused(client.get(f"/api/jobs?queue={','.join(map(str, range(101)))}"), 400, "queue")


def test_a_job_knows_how_it_ended_last(client):
    job = make(client, scheduled_at="now")["id"]
    settle(claim_one(), "failed")
    (row,) = get(client, "/api/jobs", result="failed")["data"]
    assert (row["id"], row["last_result"]) == (job, "failed")
    assert row["last_ended_at"] >= row["last_execution"]["completed_at"]
    client.post(f"/api/jobs/{job}/execute")
    settle(claim_one())
    assert get(client, "/api/jobs", result="failed")["total"] == 0
    assert get(client, "/api/jobs", result="completed,cancelled")["total"] == 1


def test_executions_tell_on_request_what_their_jobs_take(client):
    job = make(client, scheduled_at="now")["id"]
    for took in (10, 20, 90):
        settle(claim_one(), duration_ms=took)
        client.post(f"/api/jobs/{job}/execute")
    (first, *_) = get(client, "/api/executions", usual="true")["data"]
    assert (first["usual_duration_ms"], first["p95_duration_ms"]) == (20, 90)
    assert "usual_duration_ms" not in get(client, "/api/executions")["data"][0]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (JobFilters(result=("failed",)), "ix_jobs_last_result"),
        (JobFilters(resting=True), "ix_jobs_resting"),
        (JobFilters(queue=("bulk",)), "ix_jobs_queue"),
        (ExecutionFilters(worker=("w",)), "ix_executions_worker"),
        (ExecutionFilters(queue=("bulk",)), "ix_executions_queue"),
        (ExecutionFilters(error_code=("X",)), "ix_executions_error_code"),
    ],
)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_each_new_filter_walks_an_index_and_sorts_nothing(database, filters, index, order):
    is_job = isinstance(filters, JobFilters)
    by = "scheduled_at" if is_job else "started_at"
    listing = job_lists.LISTING if is_job else execution_lists.STARTED
    with reading() as session:
        service: Any = job_lists if is_job else execution_lists
        scope, _ = service.read_scope(session, filters, by)
        place = keyset.Place(by, order == "desc")
        (query,) = keyset.valued(listing.row_id, listing.orders[by], scope, place, 51)
        plan = plan_of(session, query)
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    if database == "sqlite":
        assert index in plan
