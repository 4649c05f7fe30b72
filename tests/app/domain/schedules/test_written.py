"""Every form of text for a moment that people of other systems know."""

from datetime import UTC, datetime

import pytest

from app.domain.clock import to_wire
from app.domain.schedules import parse_moment

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ZONE = "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("in 30m", "2026-11-24T12:30:00.000Z"),
        ("+1h", "2026-11-24T13:00:00.000Z"),
        ("5m", "2026-11-24T12:05:00.000Z"),
        ("in 2h30m", "2026-11-24T14:30:00.000Z"),
        ("IN 1D 2H 3M 4S", "2026-11-25T14:03:04.000Z"),
        ("1w", "2026-12-01T12:00:00.000Z"),
        ("1.5h", "2026-11-24T13:30:00.000Z"),
        ("0s", "2026-11-24T12:00:00.000Z"),
        ("2030-01-15T09:30Z", "2030-01-15T09:30:00.000Z"),
        ("2030-01-15 09:30:00 UTC", "2030-01-15T09:30:00.000Z"),
        ("2030-01-15 09:30:00 GMT", "2030-01-15T09:30:00.000Z"),
        ("2030-01-15 09:30:00 MST", "2030-01-15T16:30:00.000Z"),
        ("2030-07-15 09:30 PDT", "2030-07-15T16:30:00.000Z"),
        ("2030-01-15 09:30 Europe/Berlin", "2030-01-15T08:30:00.000Z"),
        ("2030-07-15T09:30:00.250 Europe/Berlin", "2030-07-15T07:30:00.250Z"),
        ("2030-01-15 09:30 Japan", "2030-01-15T00:30:00.000Z"),
        ("2030-01-15 09:30 +07:00", "2030-01-15T02:30:00.000Z"),
        ("2030-01-15 09:30:00-0700", "2030-01-15T16:30:00.000Z"),
        ("2030-01-15 3:30 PM Europe/Berlin", "2030-01-15T14:30:00.000Z"),
        ("01/15/2030 3:04 PM", "2030-01-15T08:04:00.000Z"),
        ("1/15/2030 3:04:05pm EST", "2030-01-15T20:04:05.000Z"),
        ("01/15/2030 12:00 AM UTC", "2030-01-15T00:00:00.000Z"),
        ("01/15/2030 12:00 PM UTC", "2030-01-15T12:00:00.000Z"),
        ("01/15/2030 15:04 UTC", "2030-01-15T15:04:00.000Z"),
        ("03/03/2030 3:04 PM UTC", "2030-03-03T15:04:00.000Z"),
        ("Jan 15, 2030 3:04 PM MST", "2030-01-15T22:04:00.000Z"),
        ("january 15 2030, 3:04 PM", "2030-01-15T08:04:00.000Z"),
        ("Sept 5, 2030 0:30 Z", "2030-09-05T00:30:00.000Z"),
    ],
)
def test_every_form_is_read(text, wire):
    assert to_wire(parse_moment(text, NOW, ZONE)) == wire


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("01/02/2030", "January 2, 2030 or February 1, 2030; write 2030-01-02 or 2030-02-01"),
        ("01/02/2030 3:04 PM", "January 2, 2030 or February 1, 2030"),
        ("01/15/2030 3:04", "3 AM or 3 PM"),
        (
            "2030-10-27 02:30 Europe/Berlin",
            r"2030-10-27T02:30:00\+02:00 or 2030-10-27T02:30:00\+01:00",
        ),
        ("2030-03-31 02:30 Europe/Berlin", "does not exist in Europe/Berlin"),
        ("15/01/2030 3:04 PM", "no month 15"),
        ("13/13/2030 3:04 PM", "calendar"),
        ("01/15/2030", "no time of the day"),
        ("01/15/2030 13:04 PM", "hour 13 beside PM"),
        ("Foo 15, 2030 3:04 PM", "no month 'Foo'"),
        ("Feb 30, 2030 3:04 PM", "calendar"),
        ("2030-01-15 24:30 UTC", "calendar"),
        ("2030-01-15 09:30 CET", "CET, which is not the same everywhere"),
        ("2030-01-15 09:30 BST", "IANA zone"),
        ("2030-01-15 09:30 IST", r"\+01:00"),
        ("2030-01-15 09:30 Europe/Berln", "Europe/Berlin"),
        ("2030-01-15 09:30", "time zone"),
        ("2030-01-15 09:30 +25:00", "calendar"),
        ("9999-12-31 23:59 -05:00", "calendar"),
        ("in 30m 1h", "longest first"),
        ("5m5m", "longest first"),
        ("99999999w", "out of range"),
        ("-5m", "RFC 3339"),
        ("in", "RFC 3339"),
        ("5 fortnights", "RFC 3339"),
        ("1" * 1000, "RFC 3339"),
    ],
)
def test_what_names_no_moment_or_two_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        parse_moment(text, NOW, ZONE)
