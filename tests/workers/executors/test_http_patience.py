"""What an answer says about another attempt."""

import email.utils
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.domain.clock import now
from tests.support.http_target import HttpTarget, answer, redirect
from tests.workers.executors.http_runs import run_http
from workers.executors.http_call import Answer
from workers.executors.http_patience import retry_after


@pytest.fixture
def target() -> Iterator[HttpTarget]:
    """A server for one test."""
    with HttpTarget() as server:
        yield server


def _asked(value: str | None, status: int = 503) -> float:
    headers = () if value is None else (("retry-after", value),)
    return retry_after(Answer("HTTP/1.1", status, "", headers))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("7", 7), (" 30 ", 30), ("3600", 3600), ("3601", 3600), ("9" * 18, 3600)],
)
def test_seconds_are_read_up_to_an_hour(value: str, seconds: float) -> None:
    assert _asked(value) == seconds


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "9" * 30, "٣", "Mon, 99 Foo"])
def test_what_is_no_time_asks_for_nothing(value: str | None) -> None:
    assert _asked(value) == 0


def test_a_date_is_read() -> None:
    later = email.utils.format_datetime(now() + timedelta(seconds=100))
    assert 90 < _asked(later) <= 100
    assert _asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert _asked("Fri, 31 Dec 9999 23:59:59 GMT") == 3600


def test_only_busy_targets_are_listened_to() -> None:
    assert [_asked("7", status) for status in (429, 503, 500, 404, 200)] == [7, 7, 0, 0, 0]


@pytest.mark.parametrize(
    ("status", "in_vain"),
    [(401, True), (403, True), (422, True), (404, False), (429, False), (500, False)],
)
def test_the_outcome_says_whether_another_attempt_is_in_vain(
    target: HttpTarget, status: int, in_vain: bool
) -> None:
    busy = answer(status, headers=(("Retry-After", "9"),))
    outcome = run_http(target.serve(busy)).outcome
    assert (outcome.is_permanent, outcome.retry_after_seconds) == (in_vain, 9 * (status == 429))


def test_a_target_that_is_not_allowed_is_not_asked_again(target: HttpTarget) -> None:
    outcome = run_http(target.serve(redirect(302, "ftp://x/"))).outcome
    assert (outcome.error_code, outcome.is_permanent) == ("REDIRECT_REFUSED", True)
