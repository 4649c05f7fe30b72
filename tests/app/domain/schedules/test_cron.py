"""Cron expressions: what is read, what is refused and how, and where they fall."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.domain.schedules import read
from app.domain.schedules.cron import MACROS, read_cron

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def cron(expression, **more):
    """Return a schedule by a cron expression."""
    return read({"type": "cron", "expression": expression, **more})


def quartz(expression):
    """Return a schedule by an expression of Quartz."""
    return cron(expression, dialect="quartz")


def due(schedule, count, moment=NOW):
    """Return the next due moments as short texts."""
    found = []
    for _ in range(count):
        moment = schedule.next_after(moment)
        found.append(f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00"))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("30 9 * * *", ["2026-11-25 09:30", "2026-11-26 09:30"]),
        ("*/20 * * * *", ["2026-11-24 12:20", "2026-11-24 12:40"]),
        ("5/20 * * * *", ["2026-11-24 12:05", "2026-11-24 12:25"]),
        ("0 8-18/5 * * *", ["2026-11-24 13:00", "2026-11-24 18:00", "2026-11-25 08:00"]),
        ("0 0 * * mon-FRI", ["2026-11-25 00:00", "2026-11-26 00:00", "2026-11-27 00:00"]),
        ("0 0 * * 7", ["2026-11-29 00:00"]),
        ("0 0 * * 0", ["2026-11-29 00:00"]),
        ("0 0 * * 5-7", ["2026-11-27 00:00", "2026-11-28 00:00", "2026-11-29 00:00"]),
        ("0 0 * * FRI-MON", [f"2026-11-{day} 00:00" for day in (27, 28, 29, 30)]),
        ("0 0 1 NOV-FEB *", ["2026-12-01 00:00", "2027-01-01 00:00", "2027-02-01 00:00"]),
        # Both days chosen: either one is enough, unless one begins with a star.
        ("0 0 13 * FRI", ["2026-11-27 00:00", "2026-12-04 00:00", "2026-12-11 00:00"]),
        ("0 0 */2 * FRI", ["2026-11-27 00:00", "2026-12-11 00:00", "2026-12-25 00:00"]),
        ("0 0 13 * */7", ["2026-12-13 00:00", "2027-06-13 00:00"]),
        ("0 0 13 * *,FRI", ["2026-12-13 00:00", "2027-01-13 00:00"]),
        ("0 0 L * *", ["2026-11-30 00:00", "2026-12-31 00:00"]),
        ("0 0 15,L * *", ["2026-11-30 00:00", "2026-12-15 00:00"]),
        ("0 0 L-3 * *", ["2026-11-27 00:00", "2026-12-28 00:00"]),
        ("0 0 LW 10,12 *", ["2026-12-31 00:00", "2027-10-29 00:00"]),
        # 1 August 2026 is a Saturday, 31 October too; 1 November is a Sunday.
        ("0 0 1W * *", ["2026-12-01 00:00", "2027-01-01 00:00", "2027-02-01 00:00"]),
        ("0 0 12W * *", ["2026-12-11 00:00", "2027-01-12 00:00"]),
        ("0 0 13W * *", ["2026-12-14 00:00", "2027-01-13 00:00"]),
        ("0 0 1W 5 *", ["2027-05-03 00:00"]),
        ("0 0 31W 1 *", ["2027-01-29 00:00"]),
        ("0 0 * * 5L", ["2026-11-27 00:00", "2026-12-25 00:00"]),
        ("0 0 * * FRI#1,MON#5", ["2026-11-30 00:00", "2026-12-04 00:00"]),
        # Six fields: the second first.
        ("*/30 0 9 * * *", ["2026-11-25 09:00", "2026-11-25 09:00:30"]),
        # The rare days (F21).
        ("0 0 29 2 *", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 0 31 * *", ["2026-12-31 00:00", "2027-01-31 00:00", "2027-03-31 00:00"]),
        ("@yearly", ["2027-01-01 00:00"]),
        (" @HOURLY ", ["2026-11-24 13:00"]),
        ("@weekly", ["2026-11-29 00:00"]),
    ],
)
def test_an_expression_falls_where_it_should(expression, expected):
    assert due(cron(expression), len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 12 * * ?", ["2026-11-25 12:00"]),
        ("0 15 10 ? * MON-FRI", ["2026-11-25 10:15"]),
        # Sunday is 1.
        ("0 0 0 ? * 1", ["2026-11-29 00:00"]),
        ("0 0 0 ? * 2-3", ["2026-11-30 00:00", "2026-12-01 00:00"]),
        ("0 0 0 ? * L", ["2026-11-28 00:00"]),
        ("0 0 0 ? * 6L", ["2026-11-27 00:00"]),
        ("0 0 0 ? * 6#3", ["2026-12-18 00:00"]),
        ("0 0 0 * * *", ["2026-11-25 00:00"]),
        ("0 0 0 * * 2", ["2026-11-30 00:00"]),
        ("0 0 0 15W * ?", ["2026-12-15 00:00"]),
        ("0 0 0 1 1 ? 2030", ["2030-01-01 00:00"]),
        ("0 0 0 1 1 ? 2028/2", ["2028-01-01 00:00", "2030-01-01 00:00"]),
        ("0 0 0 1 1 ? *", ["2027-01-01 00:00"]),
        ("@daily", ["2026-11-25 00:00"]),
    ],
)
def test_an_expression_of_quartz_falls_where_it_should(expression, expected):
    assert due(quartz(expression), len(expected)) == expected


def test_after_its_last_year_nothing_is_due():
    schedule = quartz("0 0 0 1 1 ? 2026-2027")
    assert schedule.next_after(datetime(2027, 1, 1, tzinfo=UTC)) is None
    long_after = datetime(2040, 1, 1, tzinfo=UTC)
    assert schedule.last_before(long_after, NOW) == datetime(2027, 1, 1, tzinfo=UTC)
    assert schedule.last_before(NOW, NOW - timedelta(days=30)) is None
    assert schedule.count_between(NOW, long_after) == 1


def test_the_rarest_day_is_found_over_a_year_that_is_no_leap_year():
    schedule = cron("0 0 * 2 WED#5")
    assert due(schedule, 1, datetime(2090, 1, 1, tzinfo=UTC)) == ["2096-02-29 00:00"]
    assert due(schedule, 1, datetime(2096, 3, 1, tzinfo=UTC)) == ["2108-02-29 00:00"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 * *", ["has 4 fields", "must have 5 fields", "'0 9 * *'"]),
        ("0 0 9 * * * *", ["has 7 fields", "quartz"]),
        ("", ["has 0 fields"]),
        ("60 * * * *", ["field 1 (minute)", "'60'", "0 to 59"]),
        ("* 24 * * *", ["field 2 (hour)", "'24'", "0 to 23"]),
        ("* * 0 * *", ["field 3 (day of the month)", "'0'", "1 to 31"]),
        ("* * * 13 *", ["field 4 (month)", "'13'", "1 to 12", "JAN to DEC"]),
        ("* * * * 8", ["field 5 (weekday)", "'8'", "0 to 7", "SUN to SAT"]),
        ("61 * * * * *", ["field 1 (second)", "'61'", "0 to 59"]),
        ("5-1 * * * *", ["field 1 (minute)", "'5-1'", "0 to 59", "backwards"]),
        ("* * * * FRI-1", ["field 5 (weekday)", "'FRI-1'", "backwards"]),
        ("* * * * FRI-MON/2", ["field 5 (weekday)", "backwards"]),
        ("*/0 * * * *", ["field 1 (minute)", "'*/0'", "1 to 60"]),
        ("*/61 * * * *", ["field 1 (minute)", "'*/61'", "1 to 60"]),
        ("*/-1 * * * *", ["field 1 (minute)", "'*/-1'", "0 to 59"]),
        ("1,,2 * * * *", ["field 1 (minute)", "'1,,2'", "0 to 59", "empty"]),
        ("a * * * *", ["field 1 (minute)", "'a'", "0 to 59"]),
        ("MON * * * *", ["field 1 (minute)", "'MON'", "0 to 59"]),
        ("\uff15 * * * *", ["field 1 (minute)", "'\uff15'", "0 to 59"]),
        ("@every 5m", ["@every", "fixed_rate"]),
        ("@reboot", ["@reboot"]),
        ("@always", ["@always", "@hourly"]),
        ("?", ["'?' has 1 field;"]),
        ("L", ["'L' has 1 field;"]),
        ("#", ["'#' has 1 field;"]),
        ("H", ["'H' has 1 field;"]),
        ("* * ? * *", ["field 3 (day of the month)", "'?'", "quartz", "1 to 31"]),
        ("L * * * *", ["field 1 (minute)", "'L'", "0 to 59"]),
        ("* * # * *", ["field 3 (day of the month)", "'#'", "1 to 31"]),
        ("H * * * *", ["field 1 (minute)", "'H'", "0 to 59", "not supported"]),
        ("* * 32W * *", ["field 3", "'32W'", "1W to 31W"]),
        ("* * L-31 * *", ["field 3", "'L-31'", "L-1 to L-30"]),
        ("* * * * 1#6", ["field 5", "'1#6'", "#1 to #5"]),
        ("* * 15W,20 * *", ["15W must stand alone"]),
        ("* * 15W * FRI", ["15W must stand alone"]),
        ("61 25 * * *", ["field 1 (minute)", "field 2 (hour)"]),
        ("1" * 10_000, ["at most 255 characters", "10000"]),
        ("* " * 5_000, ["at most 255 characters"]),
        # No such day (B34, S71).
        ("0 0 30 2 *", ["never fires"]),
        ("0 0 31 2 *", ["never fires"]),
        ("0 0 31 4,6,9,11 *", ["never fires"]),
        ("59 23 31 2,4,6,9,11 *", ["never fires"]),
        ("0 0 */31 * MON#5", ["never fires"]),
        ("0 0 30W 2 *", ["never fires"]),
        ("0 0 31W 4,6,9,11 *", ["never fires"]),
        ("0 0 L-29 2 *", ["never fires"]),
    ],
)
def test_a_bad_expression_is_refused_with_its_field_text_and_range(expression, words):
    begun = time.process_time()
    with pytest.raises(Invalid) as refused:
        cron(expression)
    assert time.process_time() - begun < 0.1
    (fault,) = refused.value.faults
    assert fault.field == "schedule.expression"
    assert [word for word in words if word not in fault.message] == []
    assert len(fault.message) < 500


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 0 12 * *", "6 fields"),
        ("0 0 0 1 * MON", "must be ?"),
        ("0 0 0 ? * ?", "only one"),
        ("? 0 0 1 * ?", "field 1 (second)"),
        ("0 0 0 ? * 0", "1 to 7"),
        ("0 0 0 1 1 ? 1969", "1970 to 2099"),
        ("0 0 0 29 2 ? 2027", "never fires"),
        ("0 0 0 L-3 2 ?", None),
    ],
)
def test_quartz_has_rules_of_its_own(expression, words):
    if words is None:
        assert quartz(expression)
        return
    with pytest.raises(Invalid) as refused:
        quartz(expression)
    assert words in str(refused.value)


def test_all_short_words_are_expressions():
    for word, expression in MACROS.items():
        assert due(cron(word), 3) == due(cron(expression), 3)


def fields(low, high):
    """Return the texts of a field that both we and the library take."""
    number = st.integers(low, high)
    # The library takes 0-0/2 for 0/2; to us it is 0.
    span = st.lists(number, min_size=2, max_size=2, unique=True).map(
        lambda pair: "{}-{}".format(*sorted(pair))
    )
    step = st.integers(1, high - low)
    item = st.one_of(
        number.map(str),
        span,
        st.just("*"),
        st.tuples(st.one_of(span, st.just("*"), number.map(str)), step).map(
            lambda pair: f"{pair[0]}/{pair[1]}"
        ),
    )
    return st.lists(item, min_size=1, max_size=3).map(",".join)


EXPRESSIONS = st.tuples(
    fields(0, 59), fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)
).map(" ".join)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001


@settings(max_examples=80, deadline=None)
@given(EXPRESSIONS, MOMENTS, st.integers(1, 30))
def test_without_changed_clocks_we_fall_where_the_library_does(expression, start, count):
    library = CronSim(expression, start)
    expected = [next(library) for _ in range(count)]
    pattern = read_cron(expression).pattern
    moment, found = start, []
    for _ in range(count):
        moment = pattern.first(moment + timedelta(microseconds=1), datetime(2150, 1, 1))  # noqa: DTZ001
        found.append(moment)
    assert found == expected
    end = expected[-1] + timedelta(microseconds=1)
    assert pattern.count(start + timedelta(microseconds=1), end) == count
    assert pattern.last(start, end) == expected[-1]
    if count > 1:
        assert pattern.last(start, expected[-1]) == expected[-2]
    assert pattern.count(end, start) == 0
    assert pattern.first(end, start) is pattern.last(end, start) is None


@given(st.text(max_size=300))
def test_any_other_text_is_refused_in_words(text):
    try:
        assert cron(text).expression == text
    except Invalid as error:
        assert error.faults[0].field == "schedule.expression"  # noqa: PT017


def test_a_year_of_every_second_is_counted_at_once():
    schedule = cron("* * * * * *", timezone="Europe/Berlin")
    begun = time.process_time()
    year = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert schedule.count_between(*year) == 365 * 86_400
    assert time.process_time() - begun < 1
