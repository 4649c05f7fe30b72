"""Moments are written as they are, whichever zone they were said in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import to_wire

BERLIN = ZoneInfo("Europe/Berlin")


#: Naive, as hypothesis wants them; further out there is no year left for other zones.
FIRST, LAST = datetime(2, 1, 1), datetime(9998, 1, 1)  # noqa: DTZ001


@given(st.datetimes(FIRST, LAST, timezones=st.timezones()))
def test_what_is_written_is_the_moment_to_the_millisecond(moment):
    written = datetime.fromisoformat(to_wire(moment))
    assert timedelta(0) <= moment.astimezone(UTC) - written < timedelta(milliseconds=1)


def test_the_hour_that_comes_twice_is_two_moments():
    first = datetime(2030, 10, 27, 2, 30, tzinfo=BERLIN)
    assert to_wire(first) == "2030-10-27T00:30:00.000Z"
    assert to_wire(first.replace(fold=1)) == "2030-10-27T01:30:00.000Z"
