"""What an answer says about another attempt."""

import email.utils
from datetime import timedelta

import pytest

from app.domain.clock import now
from workers.executors.http_call import Answer
from workers.executors.http_patience import retry_after


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
