"""The fate of deliveries, on both databases."""

import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import orjson
import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.domain.events import ExecutionEnded
from app.domain.outbound import OutboundPolicy
from app.events import emit
from app.gateways.http import Answer
from app.models import Job, Webhook, WebhookDelivery
from app.services import backups, metrics, projects, tallies
from app.services.webhooks import deliveries, history, subscriptions
from app.services.webhooks.deliveries import Outcome
from app.settings import Settings
from tests.app.services.webhooks.test_outbox import run, subscribe, told, webhook, written
from tests.support.rows import make_execution, make_job
from tests.support.webhooks import claim, delivery, record

pytestmark = pytest.mark.usefixtures("real_broker")

OK = Outcome(Answer(204, b""))
DOWN = Outcome(error="no answer")


def one_delivery(**over):
    hook = subscribe(events="job.completed", **over)
    run("completed")
    return hook


def make_due(hook):
    """Let the time pass until the next try, and the pause of the endpoint."""
    with db.transaction() as session:
        session.execute(sa.update(WebhookDelivery).values(next_retry_at=now()))
        session.execute(sa.update(Webhook).values(paused_until=None))
    return hook


def test_a_delivery_belongs_to_one_at_a_time_and_is_done_when_taken():
    hook = one_delivery()
    attempt = claim(hook)
    assert (attempt.number, attempt.event_type, attempt.secrets) == (1, "job.completed", ())
    assert claim(hook) is None
    assert record(attempt, OK) == "success"
    row = delivery(attempt.id)
    assert (row.status, row.response_code, row.next_retry_at) == ("success", 204, None)
    assert row.completed_at is not None
    assert claim(hook) is None


def test_two_that_claim_at_once_get_different_deliveries():
    hook = one_delivery()
    with db.transaction() as session:
        job = make_job(session)
        row_id = make_execution(session, job)
        for _ in range(19):
            emit(session, ExecutionEnded(row_id, job.id, "completed"))
    found = []

    def take():
        while (attempt := claim(hook)) is not None:
            found.append(attempt.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 20


def test_a_try_whose_sender_died_is_made_again_and_the_dead_one_may_not_record():
    hook = one_delivery()
    lost = claim(hook, lease=0.01)
    time.sleep(0.05)
    again = claim(hook)
    assert (again.id, again.number, again.payload) == (lost.id, 2, lost.payload)
    assert record(lost, OK) is None
    assert delivery(again.id).status == "pending"
    assert record(again, OK) == "success"


def test_failures_are_tried_again_later_and_later_and_end_visibly():
    hook = one_delivery()
    for number in range(1, 4):
        attempt = claim(make_due(hook))
        assert attempt.number == number
        assert record(attempt, DOWN, max_retries=3) == "pending"
        row = delivery(attempt.id)
        wait = (row.next_retry_at - now()).total_seconds()
        assert 2**number - 1 <= wait <= 2**number * 1.2 + 1
        assert claim(hook) is None
    assert record(claim(make_due(hook)), DOWN, max_retries=3) == "failed"
    row = delivery(attempt.id)
    assert (row.status, row.attempts, row.error) == ("failed", 4, "no answer")
    assert row.next_retry_at is None


def test_a_receivers_wish_is_honoured_for_the_whole_endpoint():
    hook = one_delivery()
    run("completed")
    moment = format_datetime(now() + timedelta(seconds=900), usegmt=True)
    for wish, seconds in (("600", 600), (moment, 900), ("999999", 3600)):
        record(claim(make_due(hook)), Outcome(Answer(503, b"", wish), "the receiver answered 503"))
        wait = (webhook(hook).paused_until - now()).total_seconds()
        assert seconds - 5 <= wait <= seconds + 1
        assert claim(hook) is None
    row = min(written(hook), key=lambda row: row.next_retry_at)
    assert row.attempts >= 1 or claim(hook) is None


def test_an_endpoint_that_fails_and_fails_is_left_alone_until_it_answers():
    hook = one_delivery()
    for number in range(1, 6):
        assert webhook(hook).paused_until is None
        record(claim(make_due(hook)), DOWN)
        assert webhook(hook).failures == number
    assert webhook(hook).paused_until > now()
    run("completed")
    assert claim(hook) is None
    with db.reading() as session:
        assert deliveries.due_webhooks(session, 10) == []
    record(claim(make_due(hook)), OK)
    assert (webhook(hook).failures, webhook(hook).paused_until) == (0, None)


def test_410_switches_the_webhook_off():
    hook = one_delivery()
    run("completed")
    status = record(claim(hook), Outcome(Answer(410, b"bye"), "the receiver answered 410"))
    assert status == "failed"
    assert not webhook(hook).is_active
    assert "410" in webhook(hook).disabled_reason
    first, second = written(hook)
    assert (first.response_body, first.status) == ("bye", "failed")
    assert (second.status, second.error) == ("failed", "Webhook disabled")


def test_a_try_under_way_while_its_webhook_is_switched_off_is_not_repeated():
    hook = one_delivery()
    attempt = claim(hook)
    with db.transaction() as session:
        subscriptions.update(session, hook, {"is_active": False}, OutboundPolicy())
    assert record(attempt, DOWN) is None
    assert delivery(attempt.id).status == "failed"


def test_due_webhooks_are_those_with_something_in_nobodys_hands():
    hook, other = one_delivery(), subscribe(events="job.failed")
    with db.reading() as session:
        assert deliveries.due_webhooks(session, 10) == [hook]
    attempt = claim(hook)
    with db.reading() as session:
        assert deliveries.due_webhooks(session, 10) == []
    record(attempt, DOWN)
    with db.reading() as session:
        assert deliveries.due_webhooks(session, 10) == []
    make_due(hook)
    with db.reading() as session:
        assert deliveries.due_webhooks(session, 10) == [hook]
    assert told(other) == []


def test_answers_are_kept_without_what_the_database_or_others_must_not_have():
    secret = 'a "quoted" secret'
    hook = one_delivery(secret=secret)
    body = b"\xff\0 " + secret.encode() + orjson.dumps(secret) + b"x" * 2000
    record(claim(hook), Outcome(Answer(500, body), "the receiver answered 500"))
    (row,) = written(hook)
    assert "secret" not in row.response_body
    assert "\0" not in row.response_body
    assert len(row.response_body) == 1024


def test_ends_are_counted(monkeypatch):
    monkeypatch.setattr(metrics._ledger, "kept_seconds", -1)
    hook = one_delivery()
    record(claim(hook), OK)
    run("completed")
    record(claim(hook), DOWN, max_retries=0)
    with db.reading() as session:
        assert tallies.totals(session, "webhooks") == {"success": 1, "failed": 1}
    text = metrics.exposition().decode()
    assert 'oneoff_webhook_deliveries_total{result="success"} 1.0' in text


def test_old_deliveries_are_forgotten_and_those_on_their_way_are_not():
    hook = one_delivery()
    record(claim(hook), OK)
    run("completed")
    run("completed")
    record(claim(hook), OK)
    with db.transaction() as session:
        first = sa.update(WebhookDelivery).where(WebhookDelivery.sequence != 2)
        session.execute(first.values(completed_at=now() - timedelta(days=91)))
    assert history.purge_in_batches(Settings()) == 1
    assert [(row.sequence, row.status) for row in written(hook)] == [(2, "success"), (3, "pending")]


def test_a_project_takes_its_webhooks_with_it():
    with db.transaction() as session:
        project = projects.create(session, {"name": "other"})
    hook = subscribe(project_id=project["id"])
    with db.transaction() as session:
        projects.delete(session, project["id"], None)
    with db.reading() as session:
        assert session.get(Webhook, hook) is None
        assert session.scalars(sa.select(Job.id)).all() == []


def test_a_restored_database_sends_nothing_old_and_it_can_be_replayed():
    hook = one_delivery()
    with db.transaction() as session:
        backups.finish_restore(session, now())
    (row,) = written(hook)
    assert row.status == "failed"
    assert "restored from a backup" in row.error
    assert claim(hook) is None
    with db.transaction() as session:
        assert history.replay_failed(session, session.get_one(Webhook, hook)) == 1
    assert claim(hook).id == row.id
