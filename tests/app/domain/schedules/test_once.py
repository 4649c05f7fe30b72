"""Moments that people write."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import to_wire
from app.domain.schedules.once import parse_moment, parse_rfc3339

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("word", ["now", "NOW", " Now "])
def test_the_word_now_is_this_moment(word):
    assert parse_moment(word, NOW) == NOW


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("2030-01-31T09:30:00Z", "2030-01-31T09:30:00.000Z"),
        ("2030-01-31t09:30:00z", "2030-01-31T09:30:00.000Z"),
        ("2030-01-31 09:30:00+07:00", "2030-01-31T02:30:00.000Z"),
        ("2030-01-31T09:30:00-00:30", "2030-01-31T10:00:00.000Z"),
        ("2030-01-31T09:30:00.5Z", "2030-01-31T09:30:00.500Z"),
        ("2030-01-31T09:30:00.123999999Z", "2030-01-31T09:30:00.123Z"),
        (" 2030-01-31T09:30:00Z ", "2030-01-31T09:30:00.000Z"),
    ],
)
def test_a_moment_is_taken_in_every_form_of_the_standard(text, wire):
    assert to_wire(parse_moment(text, NOW)) == wire


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "RFC 3339"),
        ("", "RFC 3339"),
        ("2030-01-31", "RFC 3339"),
        ("12030-01-31T09:30:00Z", "RFC 3339"),
        ("\uff12\uff10\uff13\uff10-01-31T09:30:00Z", "RFC 3339"),
        ("2030-01-31T09:30:00", "time zone"),
        ("2030-13-01T00:00:00Z", "calendar"),
        ("2030-02-29T00:00:00Z", "calendar"),
        ("2030-01-01T24:00:01Z", "calendar"),
        ("2030-01-01T00:00:00+25:00", "calendar"),
        ("0000-01-01T00:00:00Z", "out of range"),
        ("0001-01-01T00:00:00+01:00", "out of range"),
        ("9999-12-31T23:59:59-01:00", "out of range"),
    ],
)
def test_what_names_no_moment_is_refused_with_a_reason(text, words):
    with pytest.raises(ValueError, match=words):
        parse_moment(text, NOW)


@pytest.mark.parametrize("text", ["2030-01-31T09:30Z", "2030-01-31T09:30:00+0700", "in 5m"])
def test_filters_take_the_standard_alone(text):
    with pytest.raises(ValueError, match="RFC 3339"):
        parse_rfc3339(text)


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(st.datetimes(datetime(1970, 1, 2), datetime(9998, 1, 1), timezones=OFFSETS))  # noqa: DTZ001
def test_every_moment_comes_back_to_the_millisecond(moment):
    parsed = parse_rfc3339(moment.isoformat(timespec="microseconds"))
    assert parsed.tzinfo is UTC
    assert timedelta(0) <= moment - parsed < timedelta(milliseconds=1)


@given(st.text())
def test_any_other_text_is_a_value_error_at_most(text):
    try:
        assert parse_moment(text, NOW).tzinfo is not None
    except ValueError as error:
        assert str(error)  # noqa: PT017
