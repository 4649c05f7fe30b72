"""Schedules in words, warnings about them, and previews."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import to_wire
from app.domain.schedules import describe, preview, read, warnings

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def cron(expression, **more):
    """Return a schedule by a cron expression."""
    return read({"type": "cron", "expression": expression, **more})


@pytest.mark.parametrize(
    ("expression", "english", "vietnamese"),
    [
        (
            "0 9 * * MON-FRI",
            "At 09:00, on Monday to Friday (UTC)",
            "Lúc 09:00, vào thứ Hai đến thứ Sáu (UTC)",
        ),
        ("*/15 * * * *", "Every 15 minutes (UTC)", "Cứ 15 phút một lần (UTC)"),
        ("* * * * *", "Every minute (UTC)", "Mỗi phút (UTC)"),
        ("* * * * * *", "Every second (UTC)", "Mỗi giây (UTC)"),
        ("0,30 * * * * *", "Every 30 seconds (UTC)", "Cứ 30 giây một lần (UTC)"),
        (
            "5 * 9 * * *",
            "At second 5 of every minute of hour 9 (UTC)",
            "Lúc giây 5 của mỗi phút của giờ 9 (UTC)",
        ),
        (
            "0 */2 * * *",
            "At minute 0 of the hours divisible by 2 (UTC)",
            "Lúc phút 0 của các giờ chia hết cho 2 (UTC)",
        ),
        (
            "30 0 9,17 * * *",
            "At 09:00:30 and 17:00:30 (UTC)",
            "Lúc 09:00:30 và 17:00:30 (UTC)",
        ),
        (
            "0 0 1,15 * FRI",
            "At 00:00, on day 1 and 15 of the month or on Friday (UTC)",
            "Lúc 00:00, vào ngày 1 và 15 trong tháng hoặc vào thứ Sáu (UTC)",
        ),
        (
            "0 0 1,L 1-3,12 *",
            (
                "At 00:00, on day 1 of the month and on the last day of the month, "
                "in January to March and December (UTC)"
            ),
            (
                "Lúc 00:00, vào ngày 1 trong tháng và vào ngày cuối tháng, "
                "trong tháng 1 đến tháng 3 và tháng 12 (UTC)"
            ),
        ),
        (
            "0 0 LW * *",
            "At 00:00, on the last day from Monday to Friday of the month (UTC)",
            "Lúc 00:00, vào ngày làm việc cuối cùng của tháng (thứ Hai đến thứ Sáu) (UTC)",
        ),
        (
            "0 0 15W * *",
            "At 00:00, on the day from Monday to Friday nearest to day 15 (UTC)",
            "Lúc 00:00, vào ngày làm việc gần ngày 15 nhất (UTC)",
        ),
        (
            "0 0 L-3 * *",
            "At 00:00, 3 days before the last day of the month (UTC)",
            "Lúc 00:00, 3 ngày trước ngày cuối tháng (UTC)",
        ),
        (
            "0 0 * * FRI#3,1L",
            "At 00:00, on the third Friday of the month and on the last Monday of the month (UTC)",
            "Lúc 00:00, vào thứ Sáu lần thứ ba của tháng và vào thứ Hai cuối cùng của tháng (UTC)",
        ),
        (
            "0 0 * * 0-1,3",
            "At 00:00, on Monday, Wednesday and Sunday (UTC)",
            "Lúc 00:00, vào thứ Hai, thứ Tư và Chủ nhật (UTC)",
        ),
    ],
)
def test_an_expression_is_told_in_words(expression, english, vietnamese):
    assert describe(cron(expression)) == english
    assert describe(cron(expression), "vi") == vietnamese


def test_years_are_told_too():
    schedule = cron("0 0 12 ? * * 2030-2032", dialect="quartz", timezone="Europe/Berlin")
    assert describe(schedule) == "At 12:00, in 2030 to 2032 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("schedule", "english"),
    [
        ({"type": "manual"}, "Only when started by hand"),
        ({"type": "once"}, "Once, at the job's own time"),
        (
            {"type": "once", "scheduled_at": "2030-01-01T00:00:00Z", "timezone": "Asia/Tokyo"},
            "Once, at 2030-01-01 09:00:00 JST",
        ),
        (
            {"type": "fixed_rate", "interval_seconds": 90_061},
            "Every 1 day 1 hour 1 minute 1 second, counted from the first fire",
        ),
        (
            {"type": "fixed_delay", "delay_seconds": 120, "max_runs": 3, "jitter_seconds": 5},
            "2 minutes after the end of the last execution, at most 3 times, up to 5 seconds later",
        ),
        (
            {"type": "calendar", "days": [13], "weekdays": [5], "hours": [9], "minutes": [0]},
            "At 09:00, on day 13 of the month if it is also on Friday (UTC)",
        ),
        (
            {"type": "calendar", "years": [2030], "months": [1], "hours": [9], "minutes": [0]},
            "At 09:00, in January, in 2030 (UTC)",
        ),
        (
            {
                "type": "manual",
                "starts_at": "2030-01-01T00:00:00Z",
                "ends_at": "2030-02-01T00:00:00Z",
                "blackouts": [{"from": "2030-01-05", "to": "2030-01-06"}],
            },
            (
                "Only when started by hand, from 2030-01-01 00:00:00 UTC, "
                "until 2030-02-01 00:00:00 UTC, except in blackouts (1)"
            ),
        ),
    ],
)
def test_every_kind_is_told_in_words(schedule, english):
    assert describe(read(schedule)) == english
    assert describe(read(schedule), "vi")


NUMBERS = st.lists(st.integers(0, 23), min_size=1, max_size=5).map(
    lambda numbers: ",".join(map(str, numbers))
)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["*", "1,5", "L", "2W"])))
def test_any_expression_has_words(parts):
    schedule = cron(f"{' '.join(parts)} * *")
    assert "{" not in describe(schedule) + describe(schedule, "vi")


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"expression": "* * 4 * * *"}, ["six fields", "3,600 times between 04:00 and 05:00"]),
        ({"expression": "0 30 9 * * *"}, ["six fields: the first is the second"]),
        ({"expression": "0 0 13 * FRI"}, ["(OR)"]),
        ({"expression": "0 0 29 2 *"}, ["rarely fires: the next due moment is 2028-02-29"]),
        (
            {"expression": "0 * * * *", "jitter_seconds": 7200},
            ["the jitter (2 hours) is longer than the interval (1 hour)"],
        ),
        ({"expression": "0 * * * *", "jitter_seconds": 60}, []),
        ({"expression": "@daily", "ends_at": "2026-11-24T12:30:00Z"}, ["never fires"]),
        (
            {
                "expression": "0 3 * * *",
                "blackouts": [{"from": "02:00", "to": "04:00"}],
            },
            ["the next 100 due moments are all in blackouts"],
        ),
        ({"expression": "@daily", "blackouts": [{"from": "02:00", "to": "04:00"}]}, []),
        ({"type": "fixed_rate", "interval_seconds": 1}, ["fires 3,600 times in each hour"]),
        ({"type": "fixed_rate", "interval_seconds": 60}, []),
        ({"type": "manual"}, []),
        ({"expression": "0 9 * * MON-FRI"}, []),
    ],
)
def test_what_may_not_be_meant_is_warned_of(schedule, words):
    found = warnings(read({"type": "cron"} | schedule), NOW)
    assert len(found) == len(words)
    for warning, word in zip(found, words, strict=True):
        assert word in warning


def test_a_preview_shows_both_clocks_and_the_nights_of_their_changes():
    schedule = cron("30 2 * * *", timezone="Europe/Berlin")
    found = preview(schedule, datetime(2026, 3, 28, 2, tzinfo=UTC), 2)
    shown = [(to_wire(due.utc), due.local.isoformat()) for due in found.due]
    assert shown == [
        ("2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00+02:00"),
        ("2026-03-30T00:30:00.000Z", "2026-03-30T02:30:00+02:00"),
    ]
    spring, autumn = found.transitions
    assert (spring.kind, spring.effect) == ("gap", "moved")
    assert spring.describe() == (
        "The times from 02:00 to 03:00 do not exist; what falls into them runs once at 03:00."
    )
    assert (autumn.kind, autumn.effect) == ("overlap", "first")
    assert "lặp lại" in autumn.describe("vi")


@pytest.mark.parametrize(
    ("schedule", "effects"),
    [
        ({"expression": "30 2 * * *", "dst": {"gap": "skip"}}, ["left_out", "first"]),
        ({"expression": "30 2 * * *", "dst": {"overlap": "both"}}, ["moved", "both"]),
        ({"expression": "30 9 * * *"}, ["none", "none"]),
        ({"expression": "30 * * * *"}, ["real_time", "real_time"]),
        ({"type": "fixed_rate", "interval_seconds": 60}, ["real_time", "real_time"]),
        ({"type": "manual"}, ["real_time", "real_time"]),
    ],
)
def test_each_rule_has_its_effect_on_a_change(schedule, effects):
    given = {"type": "cron", "timezone": "Europe/Berlin"} | schedule
    found = preview(read(given), datetime(2026, 1, 1, tzinfo=UTC), 1)
    assert [change.effect for change in found.transitions] == effects


def test_a_lost_day_is_told_with_its_dates():
    schedule = cron("0 9 * * *", timezone="Pacific/Apia")
    found = preview(schedule, datetime(2011, 12, 29, tzinfo=UTC), 1).transitions[0]
    assert "from 2011-12-30 00:00 to 2011-12-31 00:00" in found.describe()


def test_a_preview_is_bounded_and_knows_blackouts():
    every = cron("* * * * *", blackouts=[{"from": "12:02", "to": "12:03"}])
    black = "every day from 12:02 to 12:03 (UTC)"
    found = preview(every, NOW, 5000)
    assert len(found.due) == 100
    assert [due.blackout for due in found.due[:3]] == [None, black, None]
    assert found.transitions == ()
    assert len(preview(cron("@daily", max_runs=2), NOW, 10).due) == 2
    assert len(preview(cron("@daily", ends_at="2026-11-26T00:00:00Z"), NOW, 10).due) == 2


def test_a_preview_of_intervals_keeps_their_grid():
    rate = preview(read({"type": "fixed_rate", "interval_seconds": 7}), NOW, 3)
    assert [(due.utc - NOW).seconds for due in rate.due] == [7, 14, 21]
    anchored = preview(
        read({"type": "fixed_rate", "interval_seconds": 7}), NOW, 2, NOW - timedelta(seconds=3)
    )
    assert [(due.utc - NOW).seconds for due in anchored.due] == [4, 11]
    delay = preview(read({"type": "fixed_delay", "delay_seconds": 7}), NOW, 2)
    assert [(due.utc - NOW).seconds for due in delay.due] == [7, 14]


def test_a_preview_of_once_is_its_moment_if_that_is_to_come():
    once = read({"type": "once", "scheduled_at": "2030-01-01T00:00:00Z"})
    assert [due.utc.year for due in preview(once, NOW, 5).due] == [2030]
    assert preview(once, datetime(2031, 1, 1, tzinfo=UTC), 5).due == ()
    assert preview(read({"type": "once"}), NOW, 5).due == ()
