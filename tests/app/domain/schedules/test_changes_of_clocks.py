"""Schedules on the nights when clocks are changed, in every zone there is."""

import struct
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.schedules import read
from app.domain.schedules.zones import _changes, stretches, zone_names
from tests.app.domain.schedules.brute import MINUTE, changes, due_moments

QUARTER = timedelta(minutes=15)
ZONES = sorted(zone_names())


def cron(expression, zone, gap="next", overlap="first"):
    """Return a schedule by a cron expression."""
    dst = {"gap": gap, "overlap": overlap}
    return read({"type": "cron", "expression": expression, "timezone": zone, "dst": dst})


def all_due(schedule, start, end):
    """Return what is due in [start, end), asked for one after another."""
    found = []
    due = schedule.next_after(start - timedelta(seconds=1))
    while due is not None and due < end:
        found.append(due)
        due = schedule.next_after(due)
    return found


def at(text):
    """Return a moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BERLIN_GAP = ("Europe/Berlin", "2026-03-29T00:00", "2026-03-29T04:00")
BERLIN_OVERLAP = ("Europe/Berlin", "2026-10-24T23:00", "2026-10-25T04:00")
APIA = ("Pacific/Apia", "2011-12-29T10:00", "2011-12-31T10:00")


@pytest.mark.parametrize(
    ("expression", "dst", "where", "due"),
    [
        # A time that does not exist: once, at the first valid moment, or not at all.
        ("30 2 * * *", {}, BERLIN_GAP, ["29T01:00"]),
        ("30 2 * * *", {"gap": "skip"}, BERLIN_GAP, []),
        # Several in one gap fire once, also with one that is regularly due at its end.
        ("0,15,30 2 * * *", {}, BERLIN_GAP, ["29T01:00"]),
        ("30 2,3 * * *", {}, BERLIN_GAP, ["29T01:00", "29T01:30"]),
        ("0 2,3 * * *", {}, BERLIN_GAP, ["29T01:00"]),
        ("0 3 * * *", {"gap": "skip"}, BERLIN_GAP, ["29T01:00"]),
        ("*/10 30 2 * * *", {}, BERLIN_GAP, ["29T01:00"]),
        # A step in the hour means times of the wall clock, too.
        (
            "30 */1 * * *",
            {},
            BERLIN_GAP,
            ["29T00:30", "29T01:00", "29T01:30", "29T02:30", "29T03:30"],
        ),
        ("30 */2 * * *", {}, BERLIN_GAP, ["29T01:00", "29T02:30"]),
        # An hour of * goes by real time.
        ("30 * * * *", {}, BERLIN_GAP, ["29T00:30", "29T01:30", "29T02:30", "29T03:30"]),
        # A time that comes twice: the first time, or both.
        ("30 2 * * *", {}, BERLIN_OVERLAP, ["25T00:30"]),
        ("30 2 * * *", {"overlap": "both"}, BERLIN_OVERLAP, ["25T00:30", "25T01:30"]),
        ("0 3 * * *", {}, BERLIN_OVERLAP, ["25T02:00"]),
        ("0 2 * * *", {}, BERLIN_OVERLAP, ["25T00:00"]),
        ("30 */1 * * *", {}, BERLIN_OVERLAP, ["24T23:30", "25T00:30", "25T02:30", "25T03:30"]),
        (
            "30 * * * *",
            {},
            BERLIN_OVERLAP,
            ["24T23:30", "25T00:30", "25T01:30", "25T02:30", "25T03:30"],
        ),
        # Samoa had no 30 December 2011.
        ("0 9 * * *", {}, APIA, ["29T19:00", "30T10:00", "30T19:00"]),
        ("0 9 30 12 *", {}, APIA, ["30T10:00"]),
        ("0 9 30 12 *", {"gap": "skip"}, APIA, []),
        ("0 0 31 12 *", {}, APIA, ["30T10:00"]),
        ("0 12 * * FRI", {}, APIA, ["30T10:00"]),
        # Lord Howe moves by half an hour.
        (
            "15 2 * * *",
            {},
            ("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-04T12:00"),
            ["03T15:30"],
        ),
        (
            "45 1 * * *",
            {"overlap": "both"},
            ("Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-05T12:00"),
            ["04T14:45", "04T15:15"],
        ),
        # Midnight itself does not exist in Santiago on the day of the change.
        (
            "0 0 * * *",
            {},
            ("America/Santiago", "2026-09-05T12:00", "2026-09-06T12:00"),
            ["06T04:00"],
        ),
        # The day before has its last hour twice.
        (
            "30 23 * * *",
            {"overlap": "both"},
            ("America/Santiago", "2026-04-04T12:00", "2026-04-05T12:00"),
            ["05T02:30", "05T03:30"],
        ),
    ],
)
def test_the_table_of_changed_clocks(expression, dst, where, due):
    zone, start, end = where[0], at(where[1]), at(where[2])
    schedule = cron(expression, zone, **dst)
    month = start.strftime("%Y-%m-")
    expected = [at(month + text) for text in due]
    assert all_due(schedule, start, end) == expected
    before = start - timedelta(microseconds=1)
    last = end - timedelta(microseconds=1)
    assert schedule.count_between(before, last) == len(expected)
    assert schedule.last_before(last, before) == (expected[-1] if expected else None)


def test_a_calendar_without_hours_goes_by_real_time_and_others_by_the_wall():
    start, end = at("2026-10-24T23:00"), at("2026-10-25T04:00")
    given = {"type": "calendar", "timezone": "Europe/Berlin", "minutes": [30]}
    assert len(all_due(read(given), start, end)) == 5
    assert len(all_due(read(given | {"hours": list(range(24))}), start, end)) == 4


def test_a_fixed_rate_knows_no_clocks():
    schedule = read({"type": "fixed_rate", "interval_seconds": 3600, "timezone": "Europe/Berlin"})
    anchor, end = at("2026-10-24T00:00"), at("2026-10-25T03:00")
    assert schedule.next_after(at("2026-10-25T00:00"), anchor) == at("2026-10-25T01:00")
    assert schedule.next_after(at("2026-10-25T01:00"), anchor) == at("2026-10-25T02:00")
    assert schedule.count_between(anchor, end, anchor) == 27


#: Expressions on quarters of an hour, with what fits them and the rules they go by.
REPRESENTATIVE: tuple = (
    ("15 0-3 * * *", lambda w: w.minute == 15 and w.hour < 4, {}),
    (
        "0,45 0-3,23 * * *",
        lambda w: w.minute in (0, 45) and w.hour in (0, 1, 2, 3, 23),
        {"gap": "skip", "overlap": "both"},
    ),
    ("30 * * * *", lambda w: w.minute == 30, {"real": True}),
)


@pytest.mark.timeout(120)
def test_every_change_in_every_zone_is_as_by_brute_force():
    told: dict = {}
    kept: dict = {}
    for zone in ZONES:
        # A zone of two names is gone through once; by both it must have the same stretches.
        runs = tuple(stretches(zone, datetime(2007, 1, 1), datetime(2038, 1, 1)))  # noqa: DTZ001
        if kept.setdefault(runs, zone) != zone:
            continue
        # Many zones change alike for years: each way of changing is enumerated once by force.
        for change in changes(zone, 2007, 2037):
            start, end = change - timedelta(hours=6), change + timedelta(hours=7)
            start = start.replace(minute=0, second=0)
            # Newfoundland changed its clocks at one minute past midnight.
            step = MINUTE if change.minute % 15 else QUARTER
            shift = stretch_at(zone, change)
            for expression, fits, rules in REPRESENTATIVE:
                key = (expression, change, *shift)
                if key not in told:
                    told[key] = due_moments(fits, zone, (start, end), step=step, rules=rules)
                check(expression, rules, zone, (start, end), told[key])
    assert len(told) > 2000


def stretch_at(zone, change):
    """Return the difference to UTC before and after a change, as the library says."""
    around = (change - timedelta(seconds=1), change)
    return tuple(m.astimezone(ZoneInfo(zone)).utcoffset() for m in around)


def check(expression, rules, zone, span, expected):
    """Compare a schedule with what was found by force."""
    kept = {name: rule for name, rule in rules.items() if name != "real"}
    schedule = cron(expression, zone, **kept)
    start, end = span
    before, last = start - timedelta(microseconds=1), end - timedelta(microseconds=1)
    where = (zone, expression, start)
    assert schedule.count_between(before, last) == len(expected), where
    assert schedule.last_before(last, before) == (expected[-1] if expected else None), where
    assert all_due(schedule, start, end) == expected, where


NUMBERS = {
    "minute": st.sets(st.integers(0, 59), min_size=1, max_size=4),
    "hour": st.sets(st.integers(0, 23), min_size=1, max_size=5) | st.none(),
    "day": st.none() | st.sets(st.integers(1, 31), min_size=1, max_size=12),
    "weekday": st.none() | st.sets(st.integers(0, 6), min_size=1, max_size=4),
}


def written(numbers):
    """Return a set of numbers as a field of cron."""
    return "*" if numbers is None else ",".join(map(str, sorted(numbers)))


def day_fits(day, weekday, wall):
    """Return whether a day fits by the rule of Vixie: either one, if both are chosen."""
    by_day = day is None or wall.day in day
    by_weekday = weekday is None or wall.isoweekday() % 7 in weekday
    if day is not None and weekday is not None:
        return by_day or by_weekday
    return by_day and by_weekday


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_expression_around_any_change_is_as_by_brute_force(data):
    zone = data.draw(st.sampled_from(ZONES))
    moments = changes(zone, 1971, 2037) or [at("2026-03-29T01:00")]
    change = data.draw(st.sampled_from(moments)).replace(second=0)
    parts = data.draw(st.fixed_dictionaries(NUMBERS))
    gap, overlap = (
        data.draw(st.sampled_from(["next", "skip"])),
        data.draw(st.sampled_from(["first", "both"])),
    )
    minute, hour, day, weekday = (written(parts[name]) for name in NUMBERS)
    schedule = cron(f"{minute} {hour} {day} * {weekday}", zone, gap, overlap)

    def fits(wall):
        in_hour = parts["hour"] is None or wall.hour in parts["hour"]
        in_minute = wall.minute in parts["minute"] and wall.second == 0
        return in_minute and in_hour and day_fits(parts["day"], parts["weekday"], wall)

    start = change - timedelta(hours=data.draw(st.integers(25, 49)))
    end = change + timedelta(hours=data.draw(st.integers(1, 49)))
    if any(stretch.offset.seconds % 60 for stretch in stretches(zone, naive(start), naive(end))):
        return  # Liberia had 44 minutes and a half until 1972: no whole minutes to step by.
    rules = {"real": parts["hour"] is None, "gap": gap, "overlap": overlap}
    expected = due_moments(fits, zone, (start, end), rules=rules)
    assert all_due(schedule, start, end) == expected
    cut = start + (end - start) * data.draw(st.floats(0, 1))
    before = start - timedelta(microseconds=1)
    early = [due for due in expected if due <= cut]
    assert schedule.count_between(before, cut) == len(early)
    assert schedule.last_before(cut, before) == (early[-1] if early else None)


def naive(moment):
    """Return a moment of UTC without saying so."""
    return moment.replace(tzinfo=None)


def test_no_two_changes_are_nearer_than_what_the_search_for_them_steps_over():
    files = resources.files("tzdata").joinpath("zoneinfo")
    for zone in ZONES:
        moments = [m for m in in_file(files.joinpath(*zone.split("/")).read_bytes()) if m > 0]
        distances = [b - a for a, b in pairwise(moments)]
        assert min(distances, default=10**9) > 6 * 86_400, zone


def in_file(data):
    """Return the moments of a zone's file (RFC 8536) at which its offset changes."""
    head = struct.Struct(">4s1s15x6l")
    _, _, *counts = head.unpack_from(data)
    utc, standard, leaps, moments, types, letters = counts
    place = head.size + moments * 5 + types * 6 + letters + leaps * 8 + standard + utc
    _, _, _, _, _, moments, types, _ = head.unpack_from(data, place)
    place += head.size
    times = struct.unpack_from(f">{moments}q", data, place)
    numbers = data[place + moments * 8 : place + moments * 9]
    place += moments * 9
    offsets = [struct.unpack_from(">l", data, place + 6 * kind)[0] for kind in range(types)]
    changed = zip(times, pairwise([0, *numbers]), strict=True)
    return [time for time, (old, new) in changed if offsets[old] != offsets[new]]


def test_a_change_at_the_end_of_a_range_belongs_to_the_next():
    start, change = datetime(2026, 3, 1), datetime(2026, 3, 29, 1)  # noqa: DTZ001
    later = change + timedelta(seconds=1)
    assert list(_changes(ZoneInfo("Europe/Berlin"), start, change)) == []
    assert list(_changes(ZoneInfo("Europe/Berlin"), start, later)) == [change]
