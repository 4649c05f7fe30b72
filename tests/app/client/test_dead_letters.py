"""Retry policies and dead letters by the client."""

import pytest

from app.client import Client, Conflict, Invalid
from tests.support.api import LATER, claim_one, settle

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def oneoff(api_url):
    """A client of the API."""
    with Client(api_url) as client:
        yield client


def bury(oneoff, monkeypatch, name="fails"):
    """Have a job's first attempt be its last; return the execution."""
    job = oneoff.jobs.create(
        name=name,
        type="shell",
        config={"script": "exit 3"},
        scheduled_at="now",
        retry={"max_retries": 1},
    )
    with monkeypatch.context() as patch:
        patch.setattr("app.services.executions.retries.fate", lambda *_, **__: "bury")
        settle(claim_one(), "failed", error=f"{name} 1", error_code="EXIT_CODE")
    (row,) = oneoff.dead_letters.walk(job_id=job.id)
    return row


def test_a_policy_goes_there_and_back(oneoff):
    job = oneoff.jobs.create(
        name="j", type="shell", config={"script": "x"}, scheduled_at=LATER, retry="taskflow"
    )
    assert job.retry is not None
    assert (job.retry["preset"], job.retry["base_seconds"]) == ("taskflow", 60)
    assert oneoff.jobs.update(job.id, retry=None).retry is None
    with pytest.raises(Invalid, match="max_retries"):
        oneoff.jobs.update(job.id, retry={"max_retries": -1})


def test_dead_letters_are_listed_grouped_and_counted(oneoff, monkeypatch):
    one, two = bury(oneoff, monkeypatch, "one"), bury(oneoff, monkeypatch, "two")
    assert [row.id for row in oneoff.dead_letters.list()] == [two.id, one.id]
    assert one.fingerprint != two.fingerprint
    groups = oneoff.dead_letters.groups(fingerprint=one.fingerprint)
    assert [(g.count, g.execution_id, g.job_name) for g in groups] == [(1, one.id, "one")]
    assert oneoff.dead_letters.list(date_to="2000-01-01T00:00:00Z").total == 0
    assert oneoff.dead_letters.stats().dead == 2


def test_single_ones_are_replayed_and_discarded(oneoff, monkeypatch):
    one, two = bury(oneoff, monkeypatch, "one"), bury(oneoff, monkeypatch, "two")
    made = oneoff.executions.replay(one.id)
    assert oneoff.executions.get(made.execution_id).replay_of == one.id
    with pytest.raises(Conflict, match=made.execution_id):
        oneoff.executions.replay(one.id)
    assert oneoff.executions.discard(two.id).discarded_at is not None
    assert oneoff.dead_letters.list().total == 0


def test_a_whole_filter_is_tried_and_then_replayed_or_discarded(oneoff, monkeypatch):
    one = bury(oneoff, monkeypatch, "one")
    bury(oneoff, monkeypatch, "two")
    assert oneoff.dead_letters.replay(dry_run=True, job_id=one.job_id).remaining == 1
    replayed = oneoff.dead_letters.replay(job_id=one.job_id)
    assert (replayed.done, replayed.remaining, len(replayed.executions)) == (1, 0, 1)
    assert oneoff.dead_letters.discard(date_from="2000-01-01T00:00:00Z").done == 1
