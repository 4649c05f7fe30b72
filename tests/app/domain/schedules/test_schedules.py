"""Schedules as objects: what is read, written, bounded and left out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.schedules import Schedule, parse_moment, read, to_json
from app.domain.schedules.zones import check_zone, nearest_zones

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def faults(value):
    """Return what is wrong with a schedule, by field."""
    with pytest.raises(Invalid) as refused:
        read(value)
    return {fault.field: fault.message for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"type": "manual"}, {"type": "manual", "timezone": "Asia/Tokyo"}),
        ({"type": "manual", "timezone": None}, {"type": "manual", "timezone": "Asia/Tokyo"}),
        (
            {"type": "one_time", "execute_at": "in 2h30m", "timezone": "UTC"},
            {"type": "once", "timezone": "UTC", "scheduled_at": "2026-11-24T14:30:00.000Z"},
        ),
        (
            {"type": "cron", "expression": "@daily", "end_date": "2030-01-01T07:00:00+07:00"},
            {
                "type": "cron",
                "timezone": "Asia/Tokyo",
                "ends_at": "2030-01-01T00:00:00.000Z",
                "expression": "@daily",
            },
        ),
        (
            {"type": "fixed_rate", "interval_seconds": 60, "starts_at": "01/15/2030 9:00 AM"},
            {
                "type": "fixed_rate",
                "timezone": "Asia/Tokyo",
                "starts_at": "2030-01-15T00:00:00.000Z",
                "interval_seconds": 60,
            },
        ),
        (
            {"type": "calendar", "hours": [9, 9, 8], "days": [], "months": None},
            {"type": "calendar", "timezone": "Asia/Tokyo", "days": [], "hours": [8, 9]},
        ),
        (
            {
                "type": "fixed_delay",
                "delay_seconds": 5,
                "blackouts": [
                    {"from": "2030-12-24", "to": "2030-12-26"},
                    {"weekdays": [6, 0], "from": "22:00", "to": "06:00"},
                ],
            },
            {
                "type": "fixed_delay",
                "timezone": "Asia/Tokyo",
                "blackouts": [
                    {"from": "2030-12-24", "to": "2030-12-26"},
                    {"weekdays": [0, 6], "from": "22:00", "to": "06:00"},
                ],
                "delay_seconds": 5,
            },
        ),
    ],
)
def test_a_schedule_is_stored_as_given_in_one_form(given, stored):
    schedule = read(given, "Asia/Tokyo", NOW)
    assert isinstance(schedule, Schedule)
    assert to_json(schedule) == stored
    assert to_json(read(stored)) == stored
    assert read(stored) == schedule


def test_all_that_is_wrong_is_said_at_once():
    found = faults(
        {
            "type": "calendar",
            "timezone": "Europe/Berln",
            "starts_at": "01/02/2030",
            "max_runs": 0,
            "jitter_seconds": 86_401,
            "hours": [24, -1],
            "weekdays": [7],
            "dst": {"gap": "jump"},
            "rate": 5,
            "blackouts": [
                {"from": "2030-12-26", "to": "2030-12-24"},
                {"from": "2030-02-30", "to": "1066-10-14"},
                {"from": "22:00", "to": "24:30"},
                {"weekdays": [8], "from": "1:00", "to": "02:00"},
                {"from": "00:00", "to": "00:00"},
                5,
                {"from": 5, "to": "2030-12-24"},
            ],
        }
    )
    assert "Europe/Berlin" in found["schedule.timezone"]
    assert "January 2, 2030 or February 1, 2030" in found["schedule.starts_at"]
    assert "-1, 24 is out of range; allowed: 0 to 23" in found["schedule.hours"]
    assert "to must not be before from" in found["schedule.blackouts.0"]
    assert "calendar" in found["schedule.blackouts.1.from"]
    assert "1970 to 2999" in found["schedule.blackouts.1.to"]
    assert "24:00" in found["schedule.blackouts.2.to"]
    assert "no time of the week" in found["schedule.blackouts.4"]
    assert found["schedule.rate"] == "unknown field"
    assert set(found) > {
        "schedule.weekdays",
        "schedule.max_runs",
        "schedule.jitter_seconds",
        "schedule.dst.gap",
        "schedule.blackouts.3.weekdays",
        "schedule.blackouts.3.from",
        "schedule.blackouts.5",
        "schedule.blackouts.6.from",
    }


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "schedule.type", "missing"),
        ({"type": "weekly"}, "schedule.type", "allowed: once, cron"),
        ({"type": ["cron"]}, "schedule.type", "allowed: once, cron"),
        ([], "schedule", "object"),
        ({"type": "cron"}, "schedule.expression", "missing"),
        ({"type": "cron", "expression": 5}, "schedule.expression", "string"),
        ({"type": "cron", "expression": "x", "dialect": "y"}, "schedule.dialect", "quartz"),
        ({"type": "fixed_rate"}, "schedule.interval_seconds", "missing"),
        ({"type": "fixed_rate", "interval_seconds": "60"}, "schedule.interval_seconds", "integer"),
        ({"type": "fixed_rate", "interval_seconds": True}, "schedule.interval_seconds", "integer"),
        ({"type": "fixed_delay", "delay_seconds": 0}, "schedule.delay_seconds", "1"),
        ({"type": "calendar", "days": [31], "months": [2]}, "schedule", "never fires"),
        ({"type": "calendar", "days": [29], "months": [2], "years": [2027]}, "schedule", "never"),
        ({"type": "calendar", "days": [1] * 100_000}, "schedule.days", "1000"),
        ({"type": "manual", "starts_at": 5}, "schedule.starts_at", "datetime"),
        ({"type": "manual", "starts_at": datetime(2030, 1, 1)}, "schedule.starts_at", "zone"),  # noqa: DTZ001
        ({"type": "manual", "ends_at": "1969-12-31T00:00:00Z"}, "schedule.ends_at", "1970"),
        (
            {"type": "manual", "starts_at": "in 2h", "ends_at": "in 1h"},
            "schedule.ends_at",
            "before starts_at",
        ),
        ({"type": "manual", "timezone": "CET+1"}, "schedule.timezone", "CET"),
        ({"type": "manual", "timezone": "UTC+2"}, "schedule.timezone", "UTC"),
        ({"type": "manual", "timezone": "ho chi minh"}, "schedule.timezone", "Asia/Ho_Chi_Minh"),
        ({"type": "manual", "timezone": ""}, "schedule.timezone", "IANA"),
        ({"type": "manual", "timezone": "../../etc/passwd"}, "schedule.timezone", "IANA"),
        ({"type": "manual", "timezone": "x" * 10_000}, "schedule.timezone", "IANA"),
        ({"type": "manual", "timezone": 5}, "schedule.timezone", "string"),
    ],
)
def test_a_bad_schedule_is_refused_by_the_field(given, field, words):
    found = faults(given)
    assert list(found) == [field]
    assert words in found[field]


def test_a_zone_is_a_name_on_the_list_and_no_path():
    assert check_zone("Asia/Ho_Chi_Minh") == "Asia/Ho_Chi_Minh"
    for name in ("Europe", "Factory", "localtime", "europe/berlin", "/etc/localtime"):
        with pytest.raises(ValueError, match="IANA"):
            check_zone(name)
    assert nearest_zones("berlin") == ["Europe/Berlin"]
    assert nearest_zones("qqqq") == []


def test_bounds_are_included():
    bounds = {"starts_at": "2026-11-24T13:00:00Z", "ends_at": "2026-11-24T15:00:00Z"}
    schedule = read({"type": "cron", "expression": "0 * * * *"} | bounds)
    one, three = NOW + HOUR, NOW + 3 * HOUR
    assert schedule.next_after(NOW - DAY) == one
    assert schedule.next_after(NOW + 2 * HOUR) == three
    assert schedule.next_after(three) is None
    assert schedule.count_between(NOW - DAY, NOW + DAY) == 3
    assert schedule.last_before(NOW + DAY, NOW - DAY) == three
    assert schedule.last_before(NOW, NOW - DAY) is None


def test_a_rate_begins_at_its_anchor_and_never_drifts():
    schedule = read({"type": "fixed_rate", "interval_seconds": 3600})
    assert schedule.next_after(NOW) == NOW + HOUR
    assert schedule.next_after(NOW - DAY, NOW) == NOW
    assert schedule.next_after(NOW + timedelta(minutes=90), NOW) == NOW + 2 * HOUR
    begun = read({"type": "fixed_rate", "interval_seconds": 3600, "starts_at": "in 2h"}, now=NOW)
    assert begun.next_after(NOW) == NOW + 2 * HOUR
    ended = read({"type": "fixed_rate", "interval_seconds": 3600, "ends_at": "in 2h"}, now=NOW)
    assert ended.next_after(NOW + 2 * HOUR, NOW) is None


@given(st.integers(1, 10_000), st.integers(-50_000, 50_000), st.integers(0, 50_000))
def test_a_rate_is_counted_as_by_brute_force(interval, after, length):
    schedule = read({"type": "fixed_rate", "interval_seconds": interval})
    grid = range(0, 150_000, interval)
    due = [number for number in grid if after < number <= after + length]
    low, high = NOW + timedelta(seconds=after), NOW + timedelta(seconds=after + length)
    assert schedule.count_between(low, high, NOW) == len(due)
    last = NOW + timedelta(seconds=due[-1]) if due else None
    assert schedule.last_before(high, low, NOW) == last
    first = next(number for number in grid if number > after)
    assert schedule.next_after(low, NOW) == NOW + timedelta(seconds=first)


def test_a_delay_counts_from_the_end_of_the_last_execution():
    schedule = read({"type": "fixed_delay", "delay_seconds": 60, "starts_at": "in 1h"}, now=NOW)
    assert schedule.next_after(NOW) == NOW + HOUR
    assert schedule.next_after(NOW + HOUR) == NOW + HOUR + timedelta(seconds=60)
    assert schedule.count_between(NOW, NOW + HOUR) == 1
    assert schedule.last_before(NOW, NOW - DAY) is None


@pytest.mark.parametrize("kind", ["once", "manual"])
def test_what_does_not_recur_is_never_due_by_itself(kind):
    schedule = read({"type": kind})
    assert not schedule.is_recurring
    assert schedule.next_after(NOW) is schedule.last_before(NOW, NOW - DAY) is None
    assert schedule.count_between(NOW, NOW + DAY) == 0


def test_at_the_end_of_all_time_nothing_is_due():
    schedule = read({"type": "cron", "expression": "* * * * *"})
    assert schedule.next_after(datetime(9999, 12, 31, 23, 59, tzinfo=UTC)) is None


def test_a_calendar_wants_all_of_its_lists():
    given = {"type": "calendar", "days": [13], "weekdays": [5], "hours": [9], "minutes": [0]}
    schedule = read(given)
    first = schedule.next_after(NOW)
    assert first == datetime(2027, 8, 13, 9, tzinfo=UTC)
    assert schedule.last_before(first, NOW) == first
    assert schedule.count_between(NOW, first) == 1
    assert read({"type": "calendar"}).next_after(NOW) == NOW + timedelta(minutes=1)
    leap = read({"type": "calendar", "days": [29], "months": [2], "years": [2040, 2044]})
    assert leap.next_after(NOW) == datetime(2040, 2, 29, tzinfo=UTC)


@given(st.text(max_size=40), st.integers(0, 86_400))
def test_the_jitter_of_a_job_is_always_the_same_and_bounded(job_id, seconds):
    schedule = read({"type": "manual", "jitter_seconds": seconds})
    jitter = schedule.jitter_for(job_id)
    assert jitter == schedule.jitter_for(job_id)
    assert timedelta(0) <= jitter < timedelta(seconds=max(seconds, 1))


def test_jitter_spreads_jobs():
    schedule = read({"type": "manual", "jitter_seconds": 60})
    assert len({schedule.jitter_for(f"{number}") for number in range(100)}) > 90


def blackouts(*windows, zone="Europe/Berlin"):
    """Return a schedule with these blackouts."""
    return read({"type": "manual", "timezone": zone, "blackouts": list(windows)})


def moment(text):
    """Return the moment at which the clocks of Berlin show this."""
    return parse_moment(f"{text} Europe/Berlin", NOW)


def test_a_blackout_of_days_has_both_ends():
    schedule = blackouts({"from": "2030-12-24", "to": "2030-12-26"})
    assert schedule.blackout_at(moment("2030-12-23 23:59")) is None
    found = schedule.blackout_at(moment("2030-12-24 00:00"))
    assert found.ends_at(moment("2030-12-24 00:00")) == moment("2030-12-27 00:00")
    assert found.describe() == "from 2030-12-24 to 2030-12-26 (Europe/Berlin)"
    assert schedule.blackout_at(moment("2030-12-27 00:00")) is None
    one = blackouts({"from": "2030-12-24", "to": "2030-12-24"})
    assert "on 2030-12-24" in one.blackout_at(moment("2030-12-24 12:00")).describe()


def test_a_blackout_of_the_week_goes_over_midnight():
    schedule = blackouts({"weekdays": [6], "from": "22:00", "to": "06:00"})
    # 28 November 2026 is a Saturday.
    assert schedule.blackout_at(moment("2026-11-28 05:00")) is None
    found = schedule.blackout_at(moment("2026-11-29 05:59"))
    assert found.ends_at(moment("2026-11-28 22:00")) == moment("2026-11-29 06:00")
    assert found.describe() == "on Saturday from 22:00 to 06:00 (Europe/Berlin)"
    assert schedule.blackout_at(moment("2026-11-29 06:00")) is None
    nightly = blackouts({"from": "00:00", "to": "06:00"}).blackout_at(moment("2026-11-29 05:59"))
    assert nightly.describe().startswith("every day from 00:00")


def test_a_blackout_of_whole_days_runs_on_over_their_midnights():
    schedule = blackouts({"weekdays": [6, 0], "from": "00:00", "to": "24:00"})
    found = schedule.blackout_at(moment("2026-11-28 10:00"))
    assert found.ends_at(moment("2026-11-28 10:00")) == moment("2026-11-30 00:00")


def test_a_blackout_ends_by_the_wall_also_when_clocks_are_changed():
    overlap = blackouts({"from": "01:00", "to": "02:30"})
    start = moment("2026-10-25 01:10")
    found = overlap.blackout_at(start)
    first_end = found.ends_at(start)
    assert first_end == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert overlap.blackout_at(again).ends_at(again) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    gap = blackouts({"from": "01:00", "to": "02:30"})
    start = moment("2026-03-29 01:10")
    assert gap.blackout_at(start).ends_at(start) == moment("2026-03-29 03:00")
