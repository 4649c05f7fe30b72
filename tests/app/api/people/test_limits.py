"""How often one may try to sign in: over processes and restarts, and never at another's cost."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import db
from app.db import transaction
from app.domain.clock import now
from app.domain.outbound import parse_networks
from app.factory import create_app
from app.models import SignInTry, UserSession
from app.services.people import tidying, tries
from app.settings import Settings
from tests.support.api import refused
from tests.support.people import OTHER_PASSWORD, PASSWORD, make_user, sign_in

PROXIED = Settings(auth_enabled=True, trusted_proxies=parse_networks("127.0.0.1"))


@pytest.fixture
def proxied(real_broker):
    """A client behind a proxy that we trust: it may say where it is."""
    return create_app(PROXIED).test_client(use_cookies=False)


def at(client, address, username="alice", password=OTHER_PASSWORD):
    return sign_in(client, username, password, X_Forwarded_For=address)


def fail(client, times, address, username="alice"):
    for _ in range(times):
        refused(at(client, address, username), 401)


def count():
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(SignInTry))


class TestPairs:
    def test_after_five_failures_one_waits_even_with_the_right_password(self, proxied, alice):
        fail(proxied, 5, "192.0.2.1")
        answer = at(proxied, "192.0.2.1", password=PASSWORD)
        body = refused(answer, 429)
        assert body["code"] == "RATE_LIMITED"
        assert 850 <= int(answer.headers["Retry-After"]) <= 900
        assert body["details"]["retry_after"] == int(answer.headers["Retry-After"])

    def test_the_right_person_elsewhere_gets_in(self, proxied, alice):
        fail(proxied, 5, "192.0.2.1")
        assert at(proxied, "192.0.2.2", password=PASSWORD).status_code == 200

    def test_others_at_the_address_get_in(self, proxied, alice):
        make_user("bob", "viewer")
        fail(proxied, 5, "192.0.2.1")
        assert at(proxied, "192.0.2.1", "bob", PASSWORD).status_code == 200

    def test_a_process_that_was_started_anew_knows(self, proxied, alice):
        fail(proxied, 5, "192.0.2.1")
        refused(at(create_app(PROXIED).test_client(), "192.0.2.1"), 429)

    def test_a_success_counts_nothing(self, proxied, alice):
        for _ in range(7):
            assert at(proxied, "192.0.2.1", password=PASSWORD).status_code == 200
        assert count() == 0

    def test_waiting_ends_and_is_not_prolonged_by_asking(self, proxied, alice):
        fail(proxied, 5, "192.0.2.1")
        for _ in range(3):
            refused(at(proxied, "192.0.2.1"), 429)
        assert count() == 5
        with transaction() as session:
            past = now() - tries.WINDOW
            session.execute(sa.update(SignInTry).values(tried_at=past))
        assert at(proxied, "192.0.2.1", password=PASSWORD).status_code == 200

    def test_an_unknown_name_is_limited_alike(self, proxied, alice):
        fail(proxied, 5, "192.0.2.1", "nobody")
        known, unknown = at(proxied, "192.0.2.1"), at(proxied, "192.0.2.1", "nobody")
        refused(known, 401)
        refused(unknown, 429)

    @pytest.mark.parametrize("name", ["ALICE", " alice", "Alice "])
    def test_another_spelling_is_the_same_account(self, proxied, alice, name):
        fail(proxied, 5, "192.0.2.1", name)
        refused(at(proxied, "192.0.2.1", password=PASSWORD), 429)

    def test_many_at_once_do_not_get_past_it(self, proxied, alice):
        answers: list[int] = []
        barrier = threading.Barrier(8)

        def guess():
            client = proxied.application.test_client()
            barrier.wait()
            answers.extend(at(client, "192.0.2.1").status_code for _ in range(3))

        threads = [threading.Thread(target=guess) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 24
        assert set(answers) <= {401, 429}
        assert answers.count(401) <= tries.OF_PAIR
        assert count() == answers.count(401)

    def test_tries_under_way_make_others_wait_for_a_moment_only(self, proxied, alice):
        with transaction() as session:
            for _ in range(5):
                tries._begin(session, tries.Try("alice", "192.0.2.1", alice.id))
        answer = at(proxied, "192.0.2.1", password=PASSWORD)
        refused(answer, 429)
        assert answer.headers["Retry-After"] == "1"


class TestAddresses:
    def test_an_address_may_not_try_many_accounts(self, proxied, alice):
        for number in range(30):
            refused(at(proxied, "192.0.2.1", f"user{number}"), 401)
        refused(at(proxied, "192.0.2.1", password=PASSWORD), 429)
        assert at(proxied, "192.0.2.2", password=PASSWORD).status_code == 200

    def test_a_household_of_ipv6_is_one_address(self, proxied, alice):
        for number in range(5):
            refused(at(proxied, f"2001:db8::{number + 1}"), 401)
        refused(at(proxied, "2001:db8::ffff"), 429)
        assert at(proxied, "2001:db8:0:1::1", password=PASSWORD).status_code == 200

    def test_what_anybody_can_write_changes_nothing(self, guarded, alice):
        """S05: without TRUSTED_PROXIES the header is not read."""
        for number in range(5):
            refused(at(guarded, f"192.0.2.{number}"), 401)
        refused(at(guarded, "192.0.2.99", password=PASSWORD), 429)

    def test_nor_does_what_stands_before_our_proxy_s_word(self, proxied, alice):
        """S05: a sender may write the header, too; our proxy adds to it."""
        for number in range(5):
            refused(at(proxied, f"198.51.100.{number}, 192.0.2.1"), 401)
        refused(at(proxied, "198.51.100.99, 192.0.2.1", password=PASSWORD), 429)


class TestAccounts:
    @pytest.fixture
    def attacked(self, proxied, alice):
        """An account that strangers at many addresses try."""
        assert at(proxied, "203.0.113.5", password=PASSWORD).status_code == 200
        for number in range(10):
            fail(proxied, 2, f"192.0.2.{number}")
        return proxied

    def test_strangers_are_slowed_down(self, attacked):
        fail(attacked, 2, "198.51.100.1")
        refused(at(attacked, "198.51.100.1"), 429)

    def test_its_person_gets_in_from_where_that_is_usual(self, attacked):
        fail(attacked, 4, "203.0.113.5")
        assert at(attacked, "203.0.113.5", password=PASSWORD).status_code == 200

    def test_its_person_gets_in_from_somewhere_new(self, attacked):
        assert at(attacked, "198.51.100.7", password=PASSWORD).status_code == 200

    def test_other_accounts_are_not_concerned(self, attacked):
        make_user("bob", "viewer")
        fail(attacked, 4, "198.51.100.1", "bob")
        assert at(attacked, "198.51.100.1", "bob", PASSWORD).status_code == 200


def test_what_counts_no_more_is_forgotten(proxied, alice):
    fail(proxied, 2, "192.0.2.1")
    tidying.purge_in_batches()
    assert count() == 2
    with transaction() as session:
        past = now() - tries.WINDOW - timedelta(seconds=1)
        session.execute(sa.update(SignInTry).values(tried_at=past))
    tidying.purge_in_batches()
    assert count() == 0


def test_sessions_that_are_long_over_are_forgotten(proxied, alice):
    ids = [at(proxied, "192.0.2.1", password=PASSWORD).json["data"]["session_id"] for _ in range(4)]
    long_ago, lately = now() - timedelta(days=31), now() - timedelta(days=29)
    for session_id, values in zip(
        ids,
        ({"expires_at": long_ago}, {"revoked_at": long_ago}, {"revoked_at": lately}, {}),
        strict=True,
    ):
        if values:
            with transaction() as session:
                query = sa.update(UserSession).where(UserSession.id == session_id)
                session.execute(query.values(**values))
    tidying.purge_in_batches()
    with db.reading() as session:
        assert set(session.scalars(sa.select(UserSession.id))) == set(ids[2:])


def test_the_name_that_was_typed_is_not_kept(proxied, alice):
    fail(proxied, 1, "192.0.2.1", "typed by mistake")
    with db.reading() as session:
        (row,) = session.scalars(sa.select(SignInTry))
    assert "typed" not in str(vars(row))
    assert row.is_failed
