"""Sending to real receivers: good ones, dead ones, and both at once."""

import threading
import time

import pytest
import sqlalchemy as sa

from app import db, reactions
from app.domain import signing
from app.domain.clock import now
from app.domain.events import ExecutionEnded
from app.domain.outbound import OutboundPolicy
from app.events import emit
from app.gateways.http import Door
from app.models import Webhook, WebhookDelivery
from app.services.webhooks import deliveries as service
from app.services.webhooks import outbox, subscriptions
from tests.support.http_target import HttpTarget, answer, hangs
from tests.support.rows import make_execution, make_job
from tests.support.webhooks import rung_for
from workers import deliveries, fuse
from workers.deliveries import Sender
from workers.shares import Shares

pytestmark = pytest.mark.usefixtures("real_broker")
SECRET = signing.new_secret()


@pytest.fixture(autouse=True)
def _connected():
    fuse.renew()
    reactions.connect()
    outbox._forget()
    yield
    fuse.renew()
    reactions.connect()
    outbox._forget()


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


def sender(seconds=5.0, max_retries=12):
    return Sender(Door(OutboundPolicy(), seconds), Shares(16), max_retries)


def subscribe(url):
    values = {"name": "w", "url": url, "events": "job.completed", "secret": SECRET}
    with db.transaction() as session:
        return subscriptions.create(session, values, "me", OutboundPolicy())["id"]


def happen(times=1):
    with db.transaction() as session:
        job = make_job(session)
        row_id = make_execution(session, job)
        for _ in range(times):
            emit(session, ExecutionEnded(row_id, job.id, "completed"))


def rows(hook):
    with db.reading() as session:
        query = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == hook)
        return list(session.scalars(query.order_by(WebhookDelivery.sequence)))


def statuses(hook):
    return [row.status for row in rows(hook)]


def let_time_pass():
    """Make everything due that waits for its next try."""
    with db.transaction() as session:
        session.execute(sa.update(WebhookDelivery).values(next_retry_at=now()))
        session.execute(sa.update(Webhook).values(paused_until=None))


def test_all_that_is_due_is_sent_in_its_order_and_signed(target):
    hook = subscribe(target.serve(answer()))
    happen(5)
    sender().drain(hook)
    assert statuses(hook) == ["success"] * 5
    assert [seen.headers["x-oneoff-sequence"] for seen in target.seen] == [*"12345"]
    assert len({seen.headers["webhook-id"] for seen in target.seen}) == 5
    for seen in target.seen:
        headers = tuple(seen.headers[f"webhook-{n}"] for n in ("id", "timestamp", "signature"))
        assert signing.verify([SECRET], headers, seen.body, float(headers[1])) == "valid"
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["x-oneoff-delivery"] == headers[0]
        assert seen.headers["x-oneoff-event"] == "job.completed"


def test_a_receiver_that_comes_back_gets_everything_under_constant_ids(target):
    url = target.serve(answer(500), "/hook")
    hook, posting = subscribe(url), sender()
    happen(3)
    posting.drain(hook)
    assert statuses(hook) == ["pending"] * 3
    target.serve(answer(), "/hook")
    let_time_pass()
    posting.drain(hook)
    assert statuses(hook) == ["success"] * 3
    ids = [seen.headers["webhook-id"] for seen in target.seen]
    assert ids == [row.id for row in rows(hook)] * 2


def test_410_ends_it(target):
    hook = subscribe(target.serve(answer(410)))
    happen(3)
    sender().drain(hook)
    assert statuses(hook) == ["failed"] * 3
    assert len(target.seen) == 1


def test_an_endpoint_that_hangs_delays_no_other_and_holds_one_thread(target):
    dead, alive = subscribe(target.serve(hangs(3))), subscribe(target.serve(answer()))
    posting = sender(seconds=10)
    happen(2)
    stuck = threading.Thread(target=posting.drain, args=(dead,))
    stuck.start()
    while not target.seen:
        time.sleep(0.01)
    posting.drain(dead)  # returns at once: its share is taken
    posting.drain(alive)
    assert statuses(alive) == ["success"] * 2
    assert stuck.is_alive()
    assert statuses(dead) == ["pending"] * 2
    stuck.join()


def test_a_long_list_lets_the_others_have_their_turn(target, monkeypatch):
    monkeypatch.setattr(deliveries, "SLICE_SECONDS", 0.0)
    hook = subscribe(target.serve(answer()))
    happen(2)
    assert rung_for() == [hook]
    sender().drain(hook)
    assert statuses(hook) == ["pending"] * 2
    assert rung_for() == [hook]


def test_a_worker_that_stops_begins_nothing_more(target):
    hook = subscribe(target.serve(answer()))
    happen()
    fuse.ask_to_stop()
    sender().drain(hook)
    assert target.seen == []


def test_what_was_sent_and_not_recorded_goes_out_again_with_the_same_id(target, monkeypatch):
    hook = subscribe(target.serve(answer()))
    happen()
    monkeypatch.setattr(deliveries, "LEASE_MARGIN_SECONDS", -4.9)

    def die(*_):
        raise SystemExit

    monkeypatch.setattr(service, "record", die)
    with pytest.raises(SystemExit):
        sender().drain(hook)
    monkeypatch.undo()
    deadline = time.monotonic() + 5
    while statuses(hook) == ["pending"] and time.monotonic() < deadline:
        sender().drain(hook)
    assert statuses(hook) == ["success"]
    first, second = target.seen
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_redirect_to_an_inner_address_is_a_failure_and_is_not_followed(target):
    inner = target.serve(answer())
    hook = subscribe(target.serve(answer(307, b"", (("Location", inner),))))
    happen()
    sender(max_retries=0).drain(hook)
    (row,) = rows(hook)
    assert (row.status, row.response_code) == ("failed", 307)
    assert len(target.seen) == 1


def test_a_target_that_may_not_be_reached_fails_without_a_connection(target):
    hook = subscribe(target.serve(answer()))
    happen()
    strict = Door(OutboundPolicy(reaches_private=False), 5.0)
    Sender(strict, Shares(16), 0).drain(hook)
    (row,) = rows(hook)
    assert row.status == "failed"
    assert "not allowed" in row.error
    assert target.seen == []
