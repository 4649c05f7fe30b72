"""Jobs kept as a list elsewhere has them, over HTTP."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now, to_wire
from app.models import Execution, Job
from app.services.jobs import edits
from tests.support.api import LATER, claim_one, get, make, refused, rows_of, settle, wish

NIGHTLY = {"type": "cron", "expression": "0 2 * * *", "timezone": "Europe/Berlin"}
SOURCE = "https://lists.example/jobs"


def definition(external_id, **over):
    return wish(external_id=external_id, name=f"job {external_id}", **over)


def ask(client, *items, **over):
    return client.post("/api/jobs/sync", json={"jobs": [*items], "source": SOURCE} | over)


def synced(client, *items, **over):
    answer = ask(client, *items, **over)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def outcomes(done):
    return [item["outcome"] for item in done["items"]]


def jobs_of(client):
    return {job["external_id"]: job for job in get(client, "/api/jobs")["data"]}


def everything():
    """Return all rows of jobs and executions, to be compared."""
    with reading() as session:
        tables = (Job.__table__, Execution.__table__)
        return [session.execute(sa.select(t).order_by(t.c.id)).all() for t in tables]


def test_what_is_new_is_made_what_differs_changed_and_the_rest_left_alone(client):
    done = synced(client, definition("a"), definition("b", scheduled_at=..., schedule=NIGHTLY))
    assert outcomes(done) == ["created", "created"]
    assert done["created"] == 2
    jobs = jobs_of(client)
    assert [item["job_id"] for item in done["items"]] == [jobs["a"]["id"], jobs["b"]["id"]]
    assert jobs["b"]["schedule"] == NIGHTLY
    noon = NIGHTLY | {"expression": "0 12 * * *"}
    changed = (
        definition("a", priority=9, config={"script": "echo new"}),
        definition("b", scheduled_at=..., schedule=noon),
    )
    done = synced(client, *changed)
    assert outcomes(done) == ["updated", "updated"]
    assert [item["fields"] for item in done["items"]] == [["config", "priority"], ["schedule"]]
    before = everything()
    assert outcomes(synced(client, *changed)) == ["unchanged", "unchanged"]
    assert everything() == before
    assert jobs_of(client)["b"]["schedule"] == noon


@pytest.mark.parametrize(
    "over",
    [
        {"scheduled_at": LATER},
        {"scheduled_at": "2100-01-01 09:00 Asia/Tokyo"},
        {"scheduled_at": "01/15/2094 3:04 PM", "timezone": "Asia/Tokyo"},
        {"scheduled_at": "now"},
        {"scheduled_at": ..., "immediate": True},
        {"scheduled_at": ..., "schedule": {"type": "once", "scheduled_at": LATER}},
        {"scheduled_at": ..., "schedule": {"type": "one_time", "execute_at": LATER}},
        {"scheduled_at": ..., "schedule": NIGHTLY},
        {"scheduled_at": ..., "schedule": {"type": "manual"}},
        {"scheduled_at": ..., "schedule": {"type": "fixed_rate", "interval_seconds": 60}},
        {"scheduled_at": ..., "schedule": {"type": "calendar", "hours": [3], "dst": {}}},
        {"retry": {"max_retries": 3}, "tag_ids": [], "description": "", "priority": 0},
        {"config": '{"script": "echo $A", "env": {"A": "1"}, "args": []}'},
        {"auto_start": False, "misfire": "all", "enabled": False, "timezone": "Asia/Tokyo"},
    ],
)
def test_the_same_list_again_changes_nothing(client, over):
    items = [definition("a", **over)]
    assert outcomes(synced(client, *items)) == ["created"]
    before = everything()
    assert outcomes(synced(client, *items)) == ["unchanged"]
    assert everything() == before


@pytest.mark.parametrize(
    "over",
    [{}, {"scheduled_at": ..., "schedule": {"type": "once", "scheduled_at": LATER}}],
)
def test_one_that_ran_once_stays_as_it_is_when_its_moment_has_passed(client, over):
    past = to_wire(now() - timedelta(hours=1))
    item = definition("a", **over)
    synced(client, item)
    with transaction() as session:
        for table in (Job.scheduled_at, Execution.due_at, Execution.run_at):
            session.execute(
                sa.update(table.class_).values({table.key: datetime.fromisoformat(past)})
            )
        session.execute(sa.update(Execution).values(status="queued", queued_at=now()))
    settle(claim_one())
    text = item.get("scheduled_at") and {"scheduled_at": past}
    again = item | (text or {"schedule": {"type": "once", "scheduled_at": past}})
    assert outcomes(synced(client, again)) == ["unchanged"]
    assert jobs_of(client)["a"]["status"] == "completed"


def test_what_has_ended_can_not_be_changed_and_a_rehearsal_knows(client):
    synced(client, definition("a", scheduled_at="now"))
    settle(claim_one())
    for dry_run in (True, False):
        item = definition("a", scheduled_at="now", priority=9)
        (told,) = synced(client, item, dry_run=dry_run)["items"]
        assert told["outcome"] == "refused"
        assert "only while it is scheduled" in told["error"]


def test_one_faulty_item_spoils_no_other(client):
    items = (
        definition("a"),
        definition("b", priority=99, config={"script": " "}),
        definition("a"),
        definition(...),
        "no job",
        definition("c"),
    )
    done = synced(client, *items)
    assert outcomes(done) == ["created", *["refused"] * 4, "created"]
    assert (done["created"], done["refused"]) == (2, 4)
    fields = [[f["field"] for f in i["details"]] for i in done["items"] if "details" in i]
    assert fields[0] == ["config.script", "priority"]
    assert fields[1:3] == [["external_id"], ["external_id"]]
    assert jobs_of(client).keys() == {"a", "c"}


def test_a_rehearsal_says_the_same_and_does_nothing(client):
    synced(client, definition("a"), definition("b"), definition("gone"))
    items = (
        definition("a"),
        definition("b", priority=9),
        definition("c"),
        definition("d", type="x"),
    )
    before = everything()
    told = synced(client, *items, dry_run=True, prune=True)
    assert everything() == before
    assert told["dry_run"] is True
    done = synced(client, *items, prune=True)
    assert outcomes(told) == outcomes(done)
    assert outcomes(done) == ["unchanged", "updated", "created", "refused", "deleted"]
    assert jobs_of(client).keys() == {"a", "b", "c"}


def test_a_job_that_is_paused_stays_paused(client):
    item = definition("a", scheduled_at=..., schedule=NIGHTLY)
    synced(client, item)
    path = f"/api/jobs/{jobs_of(client)['a']['id']}"
    client.post(f"{path}/pause", json={"reason": "moving house"})
    hourly = {"type": "cron", "expression": "0 * * * *", "timezone": "UTC"}
    done = synced(client, item | {"schedule": hourly, "auto_start": True, "enabled": True})
    assert outcomes(done) == ["updated"]
    job = jobs_of(client)["a"]
    assert (job["status"], job["pause_reason"]) == ("paused", "moving house")
    assert (job["next_due_at"], job["schedule"]) == (None, hourly)


def test_a_job_that_recurs_comes_to_run_once_and_back(client):
    synced(client, definition("a", scheduled_at=..., schedule=NIGHTLY))
    assert outcomes(synced(client, definition("a"))) == ["updated"]
    job = jobs_of(client)["a"]
    assert (job["schedule"]["type"], job["scheduled_at"]) == ("once", "2100-01-01T00:00:00.000Z")
    done = synced(client, definition("a", scheduled_at=..., schedule=NIGHTLY))
    assert outcomes(done) == ["updated"]
    assert jobs_of(client)["a"]["schedule"] == NIGHTLY


class TestPrune:
    def test_only_what_the_same_list_no_longer_has_is_deleted(self, client):
        make(client, external_id="by hand")
        make(client)
        synced(client, definition("other"), source="another list")
        synced(client, definition("a"), definition("b"))
        assert outcomes(synced(client, definition("a"))) == ["unchanged"]
        done = synced(client, definition("a"), prune=True)
        assert outcomes(done) == ["unchanged", "deleted"]
        assert jobs_of(client).keys() == {"a", "by hand", "other", None}

    def test_what_runs_is_refused_and_the_others_go(self, client):
        synced(client, definition("runs", scheduled_at="now"), definition("waits"))
        claim_one()
        for dry_run in (True, False):
            done = synced(client, prune=True, dry_run=dry_run)
            told = {item["external_id"]: item["outcome"] for item in done["items"]}
            assert told == {"runs": "refused", "waits": "deleted"}
        job = jobs_of(client)["runs"]
        assert (job["status"], len(rows_of(client, job["id"]))) == ("running", 1)
        assert len(jobs_of(client)) == 1

    def test_what_is_listed_but_refused_is_kept(self, client):
        synced(client, definition("a"))
        assert outcomes(synced(client, definition("a", priority=99), prune=True)) == ["refused"]
        assert "a" in jobs_of(client)

    @pytest.mark.parametrize("lost", [..., 7, "x" * 256, ""])
    def test_nothing_is_deleted_while_an_item_does_not_say_which_job_it_is(self, client, lost):
        synced(client, definition("a"), definition("b"))
        done = synced(client, definition("a"), wish(external_id=lost), prune=True)
        assert outcomes(done) == ["unchanged", "refused", "refused"]
        assert "without a usable external_id" in done["items"][2]["error"]
        assert jobs_of(client).keys() == {"a", "b"}


def test_all_is_done_or_nothing(app, client, monkeypatch):
    synced(client, definition("a"), definition("gone"))
    before = everything()

    def breaks(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(edits, "delete", breaks)
    answer = ask(client, definition("a", priority=9), definition("new"), prune=True)
    assert answer.status_code == 500
    assert everything() == before


def test_sent_twice_with_one_key_it_is_done_once(client):
    headers = {"Idempotency-Key": "k"}
    body = {"jobs": [definition("a")], "source": SOURCE}
    answers = [client.post("/api/jobs/sync", json=body, headers=headers) for _ in range(2)]
    assert [outcomes(a.json["data"]) for a in answers] == [["created"], ["created"]]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"jobs": {}}, "jobs"),
        ({"jobs": [{}] * 10_001}, "jobs"),
        ({"source": ""}, "source"),
        ({"source": "x" * 501}, "source"),
        ({"source": None}, "source"),
        ({"prune": "yes"}, "prune"),
        ({"dry_run": 1}, "dry_run"),
        ({"force": True}, "force"),
    ],
)
def test_what_is_no_list_is_refused_by_its_field(client, over, field):
    refused(ask(client, **over), 400, field)


class TestRegister:
    def test_one_is_made_in_either_sides_words(self, client):
        made = client.post("/api/jobs/register", json=definition("a"))
        assert (made.status_code, made.json["data"]["external_id"]) == (201, "a")
        theirs = {"id": "b", "triggerEndpoint": "http://10.0.0.1/", "isPeriodic": True}
        made = client.post("/api/jobs/register", json=theirs | {"schedule": "0 9 * * *"})
        assert made.status_code == 201, made.text
        job = jobs_of(client)["b"]
        assert (job["type"], job["spec"]["url"]) == ("http", "http://10.0.0.1/")
        assert job["schedule"]["expression"] == "0 9 * * *"

    def test_a_second_one_is_refused_with_the_id_of_the_first(self, client):
        first = client.post("/api/jobs/register", json=definition("a")).json["data"]
        body = refused(client.post("/api/jobs/register", json=definition("a")), 409)
        assert body["details"] == {"job_id": first["id"]}

    def test_theirs_is_refused_in_full(self, client):
        theirs = {"id": 7, "triggerEndpoint": "ftp://x", "autoStart": "maybe"}
        body = refused(client.post("/api/jobs/register", json=theirs), 400)
        fields = {fault["field"] for fault in body["details"]}
        assert {"external_id", "config.url", "auto_start"} <= fields
