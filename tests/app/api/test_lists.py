"""Lists: filters, order, totals, and pages to the very end."""

import pytest

from app.db import reading, transaction
from app.models import Execution, Job
from app.services import execution_lists, keyset
from app.services.jobs import lists as job_lists
from app.services.keyset import Scope
from tests.support.api import (
    LATER,
    claim_one,
    fill,
    get,
    make,
    refused,
    rows_of,
    settle,
    walk,
)

JOB_ORDERS = [
    {"sort_by": by, "sort_order": order}
    for by in ("scheduled_at", "priority", "created_at", "name", "last_ended_at")
    for order in ("asc", "desc")
]
EXECUTION_ORDERS = [
    {"sort_by": by, "sort_order": order}
    for by in ("started_at", "duration_ms")
    for order in ("asc", "desc")
]


def in_order(rows, sort_by, sort_order):
    """Return whether rows stand as they should: by key, then id, without a value last."""
    valued = [(r[sort_by], r["id"]) for r in rows if r.get(sort_by) is not None]
    rest = [r["id"] for r in rows if r.get(sort_by) is None]
    turned = sort_order == "desc"
    return (
        [(r.get(sort_by), r["id"]) for r in rows] == valued + [(None, row_id) for row_id in rest]
        and valued == sorted(valued, reverse=turned)
        and rest == sorted(rest, reverse=turned)
    )


@pytest.mark.parametrize("count", [0, 1, 51])
@pytest.mark.parametrize("order", JOB_ORDERS)
def test_jobs_are_walked_to_the_end(client, count, order):
    ids = fill(count)
    rows, totals = walk(client, "/api/jobs", limit=7, **order)
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert in_order(rows, **order)
    assert set(totals) == {count}


@pytest.mark.parametrize("count", [0, 1, 51])
@pytest.mark.parametrize("order", EXECUTION_ORDERS)
def test_executions_are_walked_to_the_end(client, count, order):
    fill(1 if count else 0, per_job=count)
    rows, totals = walk(client, "/api/executions", limit=7, **order)
    assert len({row["id"] for row in rows}) == len(rows) == count
    assert in_order(rows, **order)
    assert set(totals) == {count}


def test_ten_thousand_and_one_rows_are_walked_to_the_end(client):
    fill(1429, per_job=7)
    for order in EXECUTION_ORDERS[1:3]:
        rows, totals = walk(client, "/api/executions", limit=1000, **order)
        assert len({row["id"] for row in rows}) == len(rows) == 10_003
        assert in_order(rows, **order)
        assert set(totals) == {10_003}
    fill(8572)
    for order in JOB_ORDERS[:4:3]:
        rows, totals = walk(client, "/api/jobs", limit=1000, **order)
        assert len({row["id"] for row in rows}) == len(rows) == 10_001
        assert in_order(rows, **order)
        assert set(totals) == {10_001}


def test_a_total_that_nobody_counts_is_capped(client):
    fill(10_001)
    page = get(client, "/api/jobs", search="job", limit=1)
    assert (page["total"], page["total_is_capped"]) == (10_000, True)
    page = get(client, "/api/jobs", status="completed", project_id="default", limit=1)
    assert page["total"] == 10_001
    assert "total_is_capped" not in page


@pytest.mark.parametrize("order", [*JOB_ORDERS])
@pytest.mark.parametrize("offset", [0, 7, 44, 45, 46, 50, 51, 99])
def test_offset_and_cursor_agree(client, order, offset):
    fill(51)
    everything = get(client, "/api/jobs", limit=1000, **order)["data"]
    page = get(client, "/api/jobs", limit=5, offset=offset, **order)
    assert page["data"] == everything[offset : offset + 5]
    assert (page["limit"], page["offset"]) == (5, offset)
    assert (page["next_cursor"] is None) is (offset + 5 >= 51)


def test_rows_made_between_two_pages_shift_nothing(client):
    fill(20)
    first = get(client, "/api/jobs", sort_by="created_at", limit=10)
    make(client)
    second = get(client, "/api/jobs", cursor=first["next_cursor"], limit=10)
    assert not {r["id"] for r in first["data"]} & {r["id"] for r in second["data"]}


def test_a_cursor_belongs_to_its_filters_and_order(client):
    fill(20)
    cursor = get(client, "/api/jobs", limit=5, status="completed")["next_cursor"]
    for query in (
        {},
        {"status": "failed"},
        {"status": "completed", "offset": 5},
        {"status": "completed", "sort_by": "priority"},
        {"status": "completed", "sort_order": "desc"},
    ):
        answer = client.get("/api/jobs", query_string={"cursor": cursor, **query})
        refused(answer, 400, "cursor")
    page = get(client, "/api/jobs", status="completed", cursor=cursor, sort_order="asc", limit=9)
    assert len(page["data"]) == 9


@pytest.mark.parametrize("path", ["/api/projects", "/api/tags"])
@pytest.mark.parametrize("count", [0, 1, 51])
def test_projects_and_tags_are_walked_to_the_end(client, path, count):
    before = get(client, path)["data"]
    for number in range(count):
        assert client.post(path, json={"name": f"n{number:02}"}).status_code == 201
    rows, totals = walk(client, path, limit=7)
    assert [row["name"] for row in rows] == sorted(
        [row["name"] for row in before] + [f"n{n:02}" for n in range(count)]
    )
    assert set(totals) == {len(before) + count}
    assert len(get(client, path)["data"]) == len(rows)


def ids(page):
    return [row["id"] for row in page["data"]]


def test_jobs_are_filtered_by_what_they_are(client):
    project = client.post("/api/projects", json={"name": "p"}).json["data"]["id"]
    first, second = (tag["id"] for tag in get(client, "/api/tags")["data"][:2])
    a = make(client, name="a", project_id=project, tag_ids=[first])["id"]
    b = make(client, name="b", type="http", config={"url": "http://x.test"}, tag_ids=[second])["id"]
    c = make(client, name="c", scheduled_at="2101-01-01T00:00:00Z")["id"]
    client.post(f"/api/jobs/{c}/cancel")
    for query, expected in (
        ({"project_id": project}, [a]),
        ({"status": "scheduled"}, [a, b]),
        ({"status": "cancelled"}, [c]),
        ({"type": "http"}, [b]),
        ({"tag_id": first}, [a]),
        ({"tag_id": [first, second]}, [a, b]),
        ({"tag_id": "nothing"}, []),
        ({"time_from": "2100-06-01T00:00:00Z"}, [c]),
        ({"time_to": LATER}, [a, b]),
        ({"time_from": LATER, "time_to": LATER}, [a, b]),
        ({"project_id": project, "status": "scheduled", "tag_id": first, "search": "A"}, [a]),
        ({"project_id": "nowhere"}, []),
    ):
        page = get(client, "/api/jobs", **query)
        assert (ids(page), page["total"]) == (expected, len(expected)), query


@pytest.mark.parametrize(
    ("name", "found", "missed"),
    [
        ("Nightly backup", ["NIGHT", "ly b", "ni", "p"], ["x", "backupx", "nightlyb"]),
        ("100% sure_thing", ["100%", "%", "_t", "E_T"], ["0_", "s%e"]),
        ('say "hi"', ['"hi"', 'y "h'], ['""']),
        ("Đồng bộ dữ liệu", ["Đồng", "dữ l", "liệu", "dong bo"], ["donk"]),
        ("a*b OR c", ["*b O", "or c"], ["a b"]),
    ],
)
def test_search_finds_a_part_of_a_name_in_any_case(client, name, found, missed):
    job = make(client, name=name)["id"]
    make(client, name="something else")
    for text in found:
        assert job in ids(get(client, "/api/jobs", search=text)), text
    for text in missed:
        assert job not in ids(get(client, "/api/jobs", search=text)), text


def test_search_follows_a_new_name_and_forgets_a_deleted_job(client):
    job = make(client, name="before")["id"]
    client.patch(f"/api/jobs/{job}", json={"name": "after"})
    assert ids(get(client, "/api/jobs", search="before")) == []
    assert ids(get(client, "/api/jobs", search="after")) == [job]
    client.delete(f"/api/jobs/{job}")
    assert get(client, "/api/jobs", search="after")["total"] == 0


def test_many_matches_are_found_as_well_as_few(client):
    fill(2100)
    assert get(client, "/api/jobs", search="job")["total"] == 2100
    assert get(client, "/api/jobs", search="job 2099")["total"] == 1
    tag = get(client, "/api/tags")["data"][0]["id"]
    with transaction() as session:
        from app.models import job_tags

        rows = [{"job_id": job.id, "tag_id": tag} for job in session.query(Job).limit(2050)]
        session.execute(job_tags.insert(), rows)
    assert get(client, "/api/jobs", tag_id=tag)["total"] == 2050
    assert len(walk(client, "/api/jobs", tag_id=tag, limit=1000)[0]) == 2050


def run(client, verdict="completed", **over):
    """Make a job, run it, and return its execution."""
    job = make(client, scheduled_at="now", **over)
    settle(claim_one(), verdict)
    return rows_of(client, job["id"])[0]


def test_without_a_status_what_has_started_is_listed(client):
    ran = run(client)
    waiting = rows_of(client, make(client)["id"])[0]
    page = get(client, "/api/executions")
    assert (ids(page), page["total"]) == ([ran["id"]], 1)
    page = get(client, "/api/executions", include="all")
    assert (ids(page), page["total"]) == ([ran["id"], waiting["id"]], 2)


def test_executions_are_filtered_by_what_they_are(client):
    project = client.post("/api/projects", json={"name": "p"}).json["data"]["id"]
    tag = get(client, "/api/tags")["data"][0]["id"]
    done = run(client, project_id=project, tag_ids=[tag])
    failed = run(client, "failed")
    late = run(client, "timeout")
    planned = rows_of(client, make(client)["id"])[0]
    cancelled = rows_of(client, make(client)["id"])[0]
    client.post(f"/api/executions/{cancelled['id']}/cancel")
    for query, expected in (
        ({"status": "completed"}, [done]),
        ({"status": "success"}, [done]),
        ({"status": "failed"}, [failed, late]),
        ({"status": "timeout"}, [late]),
        ({"status": "pending"}, [planned]),
        ({"status": "scheduled"}, [planned]),
        ({"status": "cancelled"}, [cancelled]),
        ({"status": ["completed", "pending"]}, [done, planned]),
        ({"project_id": project}, [done]),
        ({"project_id": project, "status": "failed"}, []),
        ({"tag_id": tag}, [done]),
        ({"job_id": failed["job_id"]}, [failed]),
        ({"origin": "schedule", "include": "all"}, [planned, cancelled]),
        ({"origin": "api"}, [done, failed, late]),
        ({"origin": "manual"}, []),
        ({"date_from": failed["started_at"]}, [failed, late]),
        ({"date_to": failed["started_at"]}, [done, failed]),
    ):
        page = get(client, "/api/executions", **query)
        assert sorted(ids(page)) == sorted(row["id"] for row in expected), query
        assert page["total"] == len(expected), query


def test_an_unknown_status_is_refused_with_those_there_are(client):
    answer = client.get("/api/executions?status=asleep")
    assert "dead_letter" in refused(answer, 400, "status")["error"]


def test_a_job_shows_its_latest_executions(client):
    job = make(client, scheduled_at="now")
    for took in (10, 30, 80):
        settle(claim_one(), duration_ms=took)
        client.post(f"/api/jobs/{job['id']}/execute")
    settle(claim_one(), "failed", duration_ms=1, error="no")
    for shown in (
        get(client, "/api/jobs")["data"][0],
        get(client, f"/api/jobs/{job['id']}")["data"],
    ):
        assert [r["status"] for r in shown["recent"]] == ["failed"] + ["completed"] * 3
        assert [r["duration_ms"] for r in shown["recent"]] == [1, 80, 30, 10]
        assert shown["usual_duration_ms"] == 30
        assert shown["last_execution"]["status"] == "failed"
        assert (shown["last_execution"]["number"], shown["last_execution"]["error"]) == (4, "no")
        assert shown["next_due_at"] is None


def test_no_more_than_twenty_executions_are_shown(client):
    fill(1, per_job=30)
    recent = get(client, "/api/jobs")["data"][0]["recent"]
    assert len(recent) == 20


def test_a_planned_execution_older_than_the_recent_ones_is_still_the_next(client):
    job = make(client)
    with transaction() as session:
        row = session.get_one(Job, job["id"])
        row.last_number = 50
    assert get(client, f"/api/jobs/{job['id']}")["data"]["next_due_at"] == job["scheduled_at"]


def plan_of(session, query):
    """Return how the database would read a query."""
    bind = session.get_bind()
    text = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if bind.dialect.name == "sqlite" else "EXPLAIN "
    if bind.dialect.name != "sqlite":
        for way in ("seqscan", "bitmapscan", "sort"):
            session.connection().exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return "\n".join(str(row) for row in session.connection().exec_driver_sql(explain + text))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("kind", "where", "sort_by", "index"),
    [
        ("job", [], "scheduled_at", "ix_jobs_scheduled_at"),
        ("job", [], "priority", "ix_jobs_priority"),
        ("job", [], "created_at", "ix_jobs_created_at"),
        ("job", [Job.status == "failed"], "scheduled_at", "ix_jobs_status"),
        ("job", [Job.project_id == "p"], "scheduled_at", "ix_jobs_project_id"),
        ("job", [Job.type == "http"], "scheduled_at", "ix_jobs_type"),
        ("started", [Execution.started_at.is_not(None)], "started_at", "ix_executions_started_at"),
        ("all", [Execution.status == "running"], "started_at", "ix_executions_status"),
        ("all", [Execution.project_id == "p"], "started_at", "ix_executions_project_id"),
        ("all", [Execution.job_id == "j"], "started_at", "ix_executions_job_id"),
        (
            "all",
            [Execution.origin == "manual", execution_lists._RARE_ORIGIN],
            "started_at",
            "ix_executions_origin",
        ),
        ("all", [], "duration_ms", "ix_executions_duration_ms"),
    ],
)
def test_a_deep_page_walks_an_index_and_sorts_nothing(database, order, kind, where, sort_by, index):
    from app.domain.clock import now

    kinds = {
        "job": job_lists.LISTING,
        "started": execution_lists.STARTED,
        "all": execution_lists.ALL,
    }
    key = 5 if sort_by in {"priority", "duration_ms"} else now()
    place = keyset.Place(sort_by, order == "desc", key, "0" * 32)
    how = kinds[kind]
    (query,) = keyset.valued(how.row_id, how.orders[sort_by], Scope(tuple(where)), place, 51)
    with reading() as session:
        plan = plan_of(session, query)
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    if database == "sqlite":  # on PostgreSQL the choice hangs on numbers that a test has not
        assert index in plan
    else:
        assert "Index" in plan
