"""A key is taken together with what its request makes, by one request only."""

import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.db import db_now, is_sqlite, reading, transaction
from app.domain.errors import Conflict
from app.models import IdempotencyKey
from app.services import idempotency
from app.services.idempotency import Answer, Request

ASKED = Request("somebody", "k1", "POST", "/api/jobs", "ab" * 32)


def answered(request=ASKED, body="{}"):
    with transaction() as session:
        assert idempotency.begin(session, request) is None
        idempotency.finish(session, request, Answer(201, body))


def age(seconds):
    with transaction() as session:
        session.execute(sa.update(IdempotencyKey).values(created_at=db_now(-seconds)))


def count():
    with reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey))


@pytest.mark.usefixtures("database")
class TestKeys:
    def test_the_same_request_gets_the_stored_answer(self):
        answered(body='{"data": 1}')
        with transaction() as session:
            assert idempotency.begin(session, ASKED) == Answer(201, '{"data": 1}')

    @pytest.mark.parametrize("other", [{"method": "PUT"}, {"path": "/x"}, {"body_hash": "cd" * 32}])
    def test_another_request_with_the_key_is_refused(self, other):
        answered()
        with transaction() as session, pytest.raises(Conflict, match="another request"):
            idempotency.begin(session, replace(ASKED, **other))

    def test_the_same_key_of_another_actor_is_another_key(self):
        answered()
        answered(replace(ASKED, actor="somebody else"))
        assert count() == 2

    def test_a_unit_of_work_that_fails_leaves_the_key_free(self):
        def fail():
            with transaction() as session:
                idempotency.begin(session, ASKED)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        answered()

    def test_after_a_day_the_key_is_free_again(self):
        answered()
        age(idempotency.KEPT_SECONDS + 1)
        answered()

    def test_old_keys_are_forgotten_and_young_ones_kept(self):
        answered()
        age(idempotency.KEPT_SECONDS + 1)
        answered(replace(ASKED, key="k2"))
        with transaction() as session:
            idempotency.forget_old(session)
        assert count() == 1

    def test_of_two_at_once_only_one_does_the_work(self):
        taken, go_on = threading.Event(), threading.Event()

        def first():
            with transaction() as session:
                idempotency.begin(session, ASKED)
                taken.set()
                go_on.wait(5)
                idempotency.finish(session, ASKED, Answer(201, "the first"))

        thread = threading.Thread(target=first)
        thread.start()
        assert taken.wait(5)
        try:
            if is_sqlite():  # the second waits for the only writer, then sees the answer
                go_on.set()
                with transaction() as session:
                    assert idempotency.begin(session, ASKED) == Answer(201, "the first")
            else:
                with transaction() as session, pytest.raises(Conflict, match="still in work"):
                    idempotency.begin(session, ASKED)
        finally:
            go_on.set()
            thread.join()
        assert count() == 1

    def test_of_many_at_once_one_is_answered_and_the_others_repeat_it(self):
        done, lock = [], threading.Lock()

        def ask():
            with transaction() as session:
                try:
                    stored = idempotency.begin(session, ASKED)
                except Conflict:
                    return
                if stored is None:
                    with lock:
                        done.append(1)
                    idempotency.finish(session, ASKED, Answer(201, "x"))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(done), count()) == (1, 1)
