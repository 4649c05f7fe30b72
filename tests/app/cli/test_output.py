"""How moments and durations are told."""

from datetime import timedelta

import pytest

from app.cli.remote.output import clean, duration, relative
from app.domain.clock import now


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(minutes=10), "in 10 min"),
        (timedelta(hours=1), "in 1 h"),
        (timedelta(days=3, hours=5), "in 3 d"),
        (-timedelta(minutes=5, seconds=5), "5 min ago"),
        (-timedelta(days=800), "800 d ago"),
    ],
)
def test_a_moment_is_told_by_its_distance(span, text):
    assert relative(now() + span) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (999, "999 ms"),
        (2500, "2.5 s"),
        (200_000, "3 min 20 s"),
        (9_000_000, "2 h 30 min"),
    ],
)
def test_a_duration_is_told_in_its_unit(milliseconds, text):
    assert duration(milliseconds) == text


def test_what_moves_a_cursor_is_replaced():
    assert clean("a\x1b[2Jb\r\nc\td") == "a\ufffd[2Jb\ufffd\ufffdc\td"
