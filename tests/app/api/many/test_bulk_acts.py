"""Doing the same to all that a filter lets through, over HTTP, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import reading, transaction
from app.models import AuditEntry, Execution, Job
from app.services.bulk import going
from tests.support.api import claim_one, get, make, refused, rows_of, settle

NOBODY = "0" * 32


def post(client, path, **body):
    answer = client.post(f"/api/{path}", json={"filter": {}} | body)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def to_the_end(client, path, **body):
    """Go on until nothing is left; return all results."""
    results = []
    while True:
        went = post(client, path, **body)
        results += went["results"]
        if went["next_cursor"] is None:
            return results
        body |= {"created_before": went["created_before"], "cursor": went["next_cursor"]}


def statuses(client):
    return {row["id"]: row["status"] for row in get(client, "/api/jobs", limit=1000)["data"]}


def audited():
    with reading() as session:
        query = sa.select(AuditEntry.action, AuditEntry.target_id).order_by(AuditEntry.at)
        return [tuple(row) for row in session.execute(query)]


def test_only_what_the_filter_lets_through_is_paused_each_once(client):
    mine = [make(client, name=f"report {n}")["id"] for n in range(7)]
    other = make(client, name="else")["id"]
    results = to_the_end(client, "jobs/bulk/pause", filter={"search": "report"}, limit=3)
    assert [one["id"] for one in results] == mine
    assert {one["result"] for one in results} == {"done"}
    assert statuses(client) == dict.fromkeys(mine, "paused") | {other: "scheduled"}


def test_a_dry_run_counts_and_tells_why_and_changes_nothing(client):
    ready, paused = make(client)["id"], make(client, name="resting")["id"]
    client.post(f"/api/jobs/{paused}/pause")
    before = statuses(client)
    told = post(client, "jobs/bulk/pause", dry_run=True)
    assert (told["matched"], told["checked"], told["refused"]) == (2, 2, 1)
    assert told["refusals"] == [
        {"id": paused, "name": "resting", "status": "paused", "error": "the job is paused already"}
    ]
    assert [one["id"] for one in told["samples"]] == [ready, paused]
    assert statuses(client) == before


@pytest.mark.parametrize("act", ["run", "cancel", "delete", "resume"])
def test_no_dry_run_leaves_anything_behind(client, act):
    job = make(client)["id"]
    if act == "resume":
        client.post(f"/api/jobs/{job}/pause")
    rows, before = rows_of(client, job), statuses(client)
    assert post(client, f"jobs/bulk/{act}", dry_run=True)["refused"] == 0
    assert (rows_of(client, job), statuses(client)) == (rows, before)


def test_a_dry_run_wakes_nobody(client, monkeypatch):
    make(client)
    rung = []
    monkeypatch.setattr("app.db.run_after_commit", lambda session: rung.append(dict(session.info)))
    post(client, "jobs/bulk/run", dry_run=True)
    assert [one for one in rung if "after_commit" in one] == []
    post(client, "jobs/bulk/run")
    assert [one for one in rung if "after_commit" in one] != []


def test_what_is_made_after_the_dry_run_is_not_met(client):
    old = make(client)["id"]
    bound = post(client, "jobs/bulk/delete", dry_run=True)["created_before"]
    new = make(client)["id"]
    with transaction() as session:
        row = session.get_one(Job, new)
        row.created_at += timedelta(milliseconds=2)  # in the same one it would be met
    results = to_the_end(client, "jobs/bulk/delete", created_before=bound)
    assert [one["id"] for one in results] == [old]
    assert list(statuses(client)) == [new]


def test_what_an_act_makes_itself_is_not_met(client):
    job = make(client, scheduled_at="now", overlap="allow")["id"]
    settle(claim_one(), "failed")
    results = to_the_end(client, "executions/bulk/replay", filter={"include": "all"}, limit=1)
    assert [one["result"] for one in results] == ["done"]
    assert len(rows_of(client, job)) == 2


def test_what_cannot_take_part_is_told_and_spoils_no_other(client):
    waits = make(client)["id"]
    runs = make(client, scheduled_at="now")["id"]
    claim_one()
    results = to_the_end(client, "jobs/bulk/delete")
    assert {one["id"]: one["result"] for one in results} == {waits: "done", runs: "refused"}
    (refusal,) = [one for one in results if one["result"] == "refused"]
    assert (refusal["error"], refusal["code"]) == (
        "the job is running; cancel it first",
        "CONFLICT",
    )
    assert list(statuses(client)) == [runs]


def test_what_changed_meanwhile_is_left_alone(client, monkeypatch):
    job = make(client)["id"]
    real = going._one

    def later(act, wish, told):
        client.post(f"/api/jobs/{told['id']}/pause")
        return real(act, wish, told)

    monkeypatch.setattr(going, "_one", later)
    went = post(client, "jobs/bulk/delete", filter={"status": ["scheduled"]})
    assert (went["done"], went["skipped"]) == (0, 1)
    assert statuses(client) == {job: "paused"}


def test_jobs_are_edited_together(client):
    tags = [client.post("/api/tags", json={"name": n}).json["data"]["id"] for n in "abc"]
    project = client.post("/api/projects", json={"name": "p"}).json["data"]["id"]
    jobs = [make(client, tag_ids=tags[:2])["id"] for _ in range(2)]
    change = {
        "add_tag_ids": [tags[2]],
        "remove_tag_ids": [tags[0]],
        "priority": 9,
        "project_id": project,
        "enabled": False,
    }
    assert post(client, "jobs/bulk/edit", **change)["done"] == 2
    for one in get(client, "/api/jobs")["data"]:
        assert [tag["name"] for tag in one["tags"]] == ["b", "c"]
        assert (one["priority"], one["project_id"], one["enabled"]) == (9, project, False)
    again = post(client, "jobs/bulk/edit", filter={"ids": jobs}, **change)
    assert [one["error"] for one in again["results"]] == ["the job is so already"] * 2


def test_executions_are_cancelled_and_run_again(client):
    waiting = [make(client)["id"] for _ in range(3)]
    went = post(client, "executions/bulk/cancel", filter={"status": ["scheduled"]})
    assert went["done"] == 3
    assert set(statuses(client).values()) == {"cancelled"}
    again = {"status": ["cancelled"], "job_id": waiting[0]}
    assert post(client, "executions/bulk/replay", filter=again)["done"] == 1
    assert [row["status"] for row in rows_of(client, waiting[0])] == ["queued", "cancelled"]
    assert post(client, "executions/bulk/replay", filter=again)["refused"] == 1


def test_each_effect_and_the_request_leave_a_row(client):
    jobs = [make(client)["id"] for _ in range(3)]
    post(client, "jobs/bulk/pause")
    rows = audited()
    assert [one for action, one in rows if action == "lifecycle.pause_job"] == jobs
    assert [one for action, one in rows if action == "bulk.pause_jobs"] == [None]
    with reading() as session:
        told = session.scalar(
            sa.select(AuditEntry.detail).where(AuditEntry.action == "lifecycle.pause_job")
        )
    assert told is not None
    assert '"paused_at"' in told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "filter"),
        ({"filter": {"colour": "red"}}, "filter.colour"),
        ({"filter": {"limit": 3}}, "filter.limit"),
        ({"filter": {"ids": []}}, "filter.ids"),
        ({"filter": {"ids": [NOBODY] * 1001}}, "filter.ids"),
        ({"filter": {}, "limit": 501}, "limit"),
        ({"filter": {}, "limit": 0}, "limit"),
        ({"filter": {}, "cursor": "x"}, "cursor"),
        ({"filter": {}, "created_before": "soon"}, "created_before"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_wish_is_refused(client, body, field):
    assert (
        field in refused(client.post("/api/jobs/bulk/run", json=body), 400)["details"][0]["field"]
    )


def test_a_cursor_serves_only_the_filter_that_it_came_from(client):
    for _ in range(3):
        make(client)
    went = post(client, "jobs/bulk/pause", limit=1)
    other = {"filter": {"priority": [5]}, "cursor": went["next_cursor"]}
    refused(client.post("/api/jobs/bulk/pause", json=other), 400, "cursor")


STATUS = ("scheduled", "paused", "completed", "failed")
WORDS = ("mail", "report")
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(STATUS), min_size=1, max_size=3, unique=True),
        "priority": st.lists(st.integers(1, 3), min_size=1, max_size=2, unique=True),
        "search": st.sampled_from(WORDS),
        "enabled": st.booleans(),
        "resting": st.just(value=True),
        "result": st.lists(st.sampled_from(("completed", "failed")), min_size=1, unique=True),
        "queue": st.lists(st.sampled_from(("default", "bulk")), min_size=1, unique=True),
    },
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(STATUS),
        st.integers(1, 3),
        st.sampled_from(WORDS),
        st.booleans(),
        st.sampled_from(("completed", "failed", None)),
        st.sampled_from(("default", "bulk")),
    ),
    max_size=12,
)


def _lets_through(filters, row):
    status, priority, word, enabled, result, queue = row
    return (
        status in filters.get("status", STATUS)
        and priority in filters.get("priority", (1, 2, 3))
        and filters.get("search", "") in word
        and filters.get("enabled", enabled) == enabled
        and (not filters.get("resting") or status == "paused" or not enabled)
        and ("result" not in filters or result in filters["result"])
        and queue in filters.get("queue", ("default", "bulk"))
    )


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(rows=ROWS, filters=CHOICES, limit=st.integers(1, 5))
def test_nothing_outside_is_touched_and_nothing_inside_is_missed(client, rows, filters, limit):
    with transaction() as session:
        session.execute(sa.delete(Execution))
        session.execute(sa.delete(Job))
    ids = {}
    for row in rows:
        ids[make(client, name=row[2], priority=row[1], queue=row[5])["id"]] = row
    with transaction() as session:
        for job_id, (status, _, _, enabled, result, _) in ids.items():
            job = session.get_one(Job, job_id)
            job.status, job.enabled, job.last_result = status, enabled, result
    meant = [one for one, row in ids.items() if _lets_through(filters, row)]
    listed = get(client, "/api/jobs", **filters, limit=1000)
    assert sorted(row["id"] for row in listed["data"]) == sorted(meant)
    assert listed["total"] == len(meant)
    assert post(client, "jobs/bulk/delete", filter=filters, dry_run=True)["matched"] == len(meant)
    results = to_the_end(client, "jobs/bulk/delete", filter=filters, limit=limit)
    assert [one["id"] for one in results] == meant
    assert set(statuses(client)) == set(ids) - set(meant)


def sent(client, path, key, **body):
    return client.post(f"/api/{path}", json={"filter": {}} | body, headers={"Idempotency-Key": key})


def test_the_same_call_sent_again_starts_no_job_twice(client):
    jobs = [make(client, scheduled_at="now", overlap="allow")["id"] for _ in range(3)]
    for _ in jobs:
        settle(claim_one())
    first = sent(client, "jobs/bulk/run", "one", limit=2)
    assert [one["id"] for one in first.json["data"]["results"]] == jobs[:2]
    again = sent(client, "jobs/bulk/run", "one", limit=2)
    assert (again.headers["Idempotent-Replayed"], again.json) == ("true", first.json)
    assert [len(rows_of(client, job)) for job in jobs] == [2, 2, 1]
    assert sent(client, "jobs/bulk/run", "another", limit=2).json["data"]["done"] == 2
    assert [len(rows_of(client, job)) for job in jobs] == [3, 3, 1]


def test_a_call_that_broke_off_does_only_what_it_had_not_done(client, monkeypatch):
    jobs = [make(client, scheduled_at="now", overlap="allow")["id"] for _ in range(3)]
    for _ in jobs:
        settle(claim_one())
    done = going._one
    started: list[str] = []

    def breaking(act, wish, told):
        if len(started) == 2:
            raise KeyboardInterrupt
        started.append(told["id"])
        return done(act, wish, told)

    monkeypatch.setattr(going, "_one", breaking)
    with pytest.raises(KeyboardInterrupt):
        sent(client, "jobs/bulk/run", "one")
    monkeypatch.undo()
    again = sent(client, "jobs/bulk/run", "one")
    assert "Idempotent-Replayed" not in again.headers
    assert [one["result"] for one in again.json["data"]["results"]] == ["done"] * 3
    assert [len(rows_of(client, job)) for job in jobs] == [2, 2, 2]


def test_a_key_belongs_to_one_call(client):
    make(client)
    assert sent(client, "jobs/bulk/pause", "one").status_code == 200
    refused(sent(client, "jobs/bulk/pause", "one", limit=1), 409)
    refused(sent(client, "jobs/bulk/resume", "one"), 409)
    refused(sent(client, "jobs/bulk/pause", ""), 400, "Idempotency-Key")


def test_a_dry_run_takes_no_key(client):
    make(client)
    assert sent(client, "jobs/bulk/pause", "one", dry_run=True).status_code == 200
    assert sent(client, "jobs/bulk/pause", "one").json["data"]["done"] == 1


def test_executions_are_replayed_once(client):
    job = make(client, scheduled_at="now", overlap="allow")["id"]
    settle(claim_one(), "failed")
    for _ in range(2):
        assert sent(client, "executions/bulk/replay", "one").json["data"]["done"] == 1
    assert len(rows_of(client, job)) == 2
