"""Sending to real mail servers: good ones, dead ones, and what becomes of the mails meanwhile."""

import threading
import time

import pytest
import sqlalchemy as sa

from app import db, reactions
from app.gateways import broker
from app.models import Email
from app.services.notifications import history, sending
from app.services.notifications.sending import SEND_TASK
from app.settings import Settings
from tests.support.mail_server import MailServer, Silent, free_port
from tests.support.mails import ANN, BOB, a_job, configured, end, mails, make_due
from workers import fuse
from workers.notifications import Postman
from workers.shares import Shares

pytestmark = pytest.mark.usefixtures("real_broker")


@pytest.fixture(autouse=True)
def _connected():
    fuse.renew()
    reactions.connect()


@pytest.fixture
def running():
    with MailServer() as one:
        yield one


@pytest.fixture
def settings(running):
    with configured(smtp_port=running.port, smtp_timeout_seconds=1.0) as found:
        yield found


def postman(settings, shares=None):
    return Postman(settings, shares or Shares(16))


def fail_jobs(count, emails=ANN):
    for number in range(count):
        end(a_job(emails, name=f"job {number}"), "failed", output_tail="its last words")


def statuses():
    return [mail.status for mail in mails()]


def test_an_end_rings_for_the_notifications_lane(settings):
    fail_jobs(1)
    assert broker.depth(broker.NOTIFICATIONS) == 1
    for _ in range(9):
        sending.ring()
    assert broker.depth(broker.NOTIFICATIONS) <= 4
    assert SEND_TASK == "notifications.send"


def test_what_is_due_is_sent_over_one_connection_and_its_text_is_forgotten(running, settings):
    fail_jobs(5)
    postman(settings).drain()
    assert statuses() == ["sent"] * 5
    assert {got.message["Subject"] for got in running.kept} == {
        f"[OneOff] Failed: job {number}" for number in range(5)
    }
    assert running.connections == 1
    first = mails()[0]
    assert (first.text, first.html, first.error) == (None, None, None)
    assert first.sent_at is not None
    assert "its last words" in running.kept[0].part("plain")
    assert "its last words" in running.kept[0].part("html")


def test_an_address_that_is_refused_for_good_fails_alone(running, settings):
    running.behave["rcpt"] = "550 no such user"
    fail_jobs(1)
    postman(settings).drain()
    running.behave.clear()
    fail_jobs(1, BOB)
    postman(settings).drain()
    assert statuses() == ["failed", "sent"]
    assert "550 no such user" in mails()[0].error


def test_a_failed_mail_is_sent_again_when_somebody_asks(running, settings):
    running.behave["data"] = "554 spam"
    fail_jobs(1)
    postman(settings).drain()
    running.behave.clear()
    with db.transaction() as session:
        history.retry(session, mails()[0].id)
    postman(settings).drain()
    assert statuses() == ["sent"]
    assert "its last words" in running.kept[0].part("plain")


def test_a_server_that_is_down_has_all_mails_wait_and_one_of_them_tried():
    with configured(smtp_port=free_port()) as settings:
        fail_jobs(4)
        postman(settings).drain()
    found = mails()
    assert statuses() == ["pending"] * 4
    assert sorted(mail.attempts for mail in found) == [0, 0, 0, 1]
    with configured(smtp_port=free_port()), db.reading() as session:
        assert not sending.are_due(session)


def test_once_it_is_back_all_mails_arrive(running):
    with configured(smtp_port=free_port()) as away:
        fail_jobs(3)
        postman(away).drain()
    with configured(smtp_port=running.port) as here:
        make_due()
        postman(here).drain()
    assert statuses() == ["sent"] * 3
    assert len(running.kept) == 3


def test_a_mail_that_breaks_the_connection_does_not_keep_the_others(running, settings):
    running.behave["data"] = "drop"
    fail_jobs(1)
    postman(settings).drain()
    running.behave.clear()
    assert statuses() == ["pending"]
    fail_jobs(2)
    postman(settings).drain()
    assert sorted(statuses()) == ["pending", "sent", "sent"]
    make_due()
    postman(settings).drain()
    assert statuses() == ["sent"] * 3
    ids = [got.message["Message-ID"] for got in running.kept]
    assert (len(ids), len(set(ids))) == (4, 3)  # the same mail twice, under one id


def test_a_hanging_server_holds_one_thread_and_no_longer_than_its_time():
    with Silent() as silent, configured(smtp_port=silent.port, smtp_timeout_seconds=2.0) as found:
        fail_jobs(3)
        sender = postman(found)
        threads = [threading.Thread(target=sender.drain) for _ in range(8)]
        for thread in threads:
            thread.start()
        others = [thread for thread in threads if thread.is_alive()]
        deadline = time.monotonic() + 10
        while len(others) > 1 and time.monotonic() < deadline:
            others = [thread for thread in threads if thread.is_alive()]
        assert silent.connections <= 1
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        assert "no answer within 2 seconds" in max(mail.error or "" for mail in mails())


def test_who_has_lost_the_mail_records_nothing(settings):
    fail_jobs(1)
    with db.transaction() as session:
        first = sending.claim(session, lease=-1)
    with db.transaction() as session:
        second = sending.claim(session, lease=60)
    assert first is not None
    assert second is not None
    with db.transaction() as session:
        assert sending.claim(session, lease=60) is None
        assert sending.record(session, first, None) is None
        assert sending.record(session, second, None) == "sent"


def test_two_who_send_at_once_send_each_mail_once(running, settings):
    fail_jobs(12)
    threads = [threading.Thread(target=postman(settings).drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    postman(settings).drain()
    ids = [got.message["Message-ID"] for got in running.kept]
    assert len(ids) == len(set(ids)) == 12


def test_what_can_not_be_sent_for_a_day_has_failed(settings):
    fail_jobs(2)
    with db.transaction() as session:
        over = sa.update(Email).where(Email.id == mails()[0].id)
        session.execute(over.values(give_up_at=db.db_now(-1), error="connect: no answer"))
    with db.transaction() as session:
        assert sending.give_up(session) == 1
    assert sorted(statuses()) == ["failed", "pending"]
    (failed,) = mails(status="failed")
    assert failed.error == "not sent within 24 hours; connect: no answer"


def test_while_e_mail_is_off_nothing_is_taken(settings):
    fail_jobs(1)
    with configured(smtp_server="") as off:
        postman(off).drain()
        with db.reading() as session:
            assert not sending.are_due(session)
    assert mails()[0].attempts == 0


def test_mails_are_forgotten_with_the_retention(settings):
    fail_jobs(2)
    postman(settings).drain()
    with db.transaction() as session:
        old = sa.update(Email).where(Email.id == mails()[0].id)
        session.execute(old.values(ended_at=db.db_now(-40 * 86_400)))
    assert history.purge_in_batches(Settings(log_retention_days=50)) == 0
    given = Settings(log_retention_days=30, given=frozenset({"log_retention_days"}))
    assert history.purge_in_batches(given) == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("attempt", [1, 5, 9, 10, 30, 10_000])
def test_pauses_grow_up_to_ten_minutes(attempt):
    planned = min(2**attempt, 600)
    assert sending.delay_seconds(attempt, 0) == planned
    assert planned <= sending.delay_seconds(attempt, 1) <= planned * 1.2
