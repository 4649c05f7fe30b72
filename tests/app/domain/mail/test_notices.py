"""When people are written to about a job."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.mail.notices import (
    ALARM,
    ALARM_AT,
    CANCELLED,
    FAILURE,
    QUIET,
    RECOVERY,
    SUCCESS,
    Streak,
    end_of,
    judge,
    wants,
)

START = datetime(2030, 1, 1, tzinfo=UTC)


def told(ends, gap=QUIET):
    """Return what was told of some ends, one every ``gap``, and what is remembered then."""
    streak, found = Streak(), []
    for place, end in enumerate(ends):
        streak, verdict = judge(streak, end, START + place * gap)
        found.append(verdict)
    return found, streak


@pytest.mark.parametrize(
    ("status", "end"),
    [
        *(("completed", SUCCESS), ("failed", FAILURE), ("timeout", FAILURE)),
        *(("dead_letter", FAILURE), ("cancelled", CANCELLED)),
    ],
)
def test_every_final_status_counts_as_one_end(status, end):
    assert end_of(status) == end


def test_the_third_failure_in_a_row_raises_an_alarm_and_the_next_success_calls_it_off():
    found, streak = told([FAILURE] * 5 + [SUCCESS, SUCCESS])
    assert [v.alarm for v in found] == [None, None, ALARM, None, None, RECOVERY, None]
    assert [v.notice for v in found] == [FAILURE] * 5 + [SUCCESS] * 2
    assert (streak.failures, streak.is_alarmed) == (0, False)


def test_a_success_begins_the_count_anew_and_a_cancelled_one_does_not_touch_it():
    found, _ = told([FAILURE, FAILURE, SUCCESS, FAILURE, FAILURE, CANCELLED, FAILURE])
    assert [v.alarm for v in found] == [None] * 6 + [ALARM]


def test_of_failures_close_together_the_first_is_told_and_the_next_says_how_many_were_not():
    found, streak = told([FAILURE] * 2 + [SUCCESS] + [FAILURE] * 2, timedelta(seconds=1))
    assert [v.notice for v in found] == [FAILURE, None, SUCCESS, None, None]
    _, verdict = judge(streak, FAILURE, START + QUIET)
    assert (verdict.notice, verdict.left_out) == (FAILURE, 3)


def test_an_alarm_that_is_too_soon_after_the_last_is_raised_later():
    flaps = ([FAILURE] * 3 + [SUCCESS]) * 2 + [FAILURE] * 3
    found, streak = told(flaps, timedelta(seconds=1))
    assert [v.alarm for v in found if v.alarm] == [ALARM, RECOVERY]
    _, verdict = judge(streak, FAILURE, START + 2 * QUIET)
    assert verdict.alarm == ALARM


@given(st.lists(st.tuples(st.sampled_from([FAILURE, SUCCESS, CANCELLED]), st.integers(0, 400))))
def test_whatever_happens_nobody_is_flooded_and_no_failure_is_lost(history):
    streak, moment = Streak(), START
    mails, alarms, in_a_row, told_of, failures = [], [], 0, 0, 0
    for end, seconds in history:
        moment += timedelta(seconds=seconds)
        streak, verdict = judge(streak, end, moment)
        in_a_row = in_a_row + 1 if end == FAILURE else 0 if end == SUCCESS else in_a_row
        failures += end == FAILURE
        assert streak.failures == in_a_row
        if verdict.notice == FAILURE:
            mails.append(moment)
            told_of += 1 + verdict.left_out
        if verdict.alarm:
            alarms.append(verdict.alarm)
            assert (verdict.alarm == ALARM) == (end == FAILURE)
        if verdict.alarm == ALARM:
            assert in_a_row >= ALARM_AT
    assert told_of + streak.left_out == failures
    gaps = [b - a for a, b in itertools.pairwise(mails)]
    assert len([gap for gap in gaps if gap < QUIET]) <= alarms.count(ALARM)
    assert alarms == [RECOVERY if place % 2 else ALARM for place in range(len(alarms))]


@pytest.mark.parametrize(
    ("wish", "heard"),
    [
        ("always", {SUCCESS, FAILURE, CANCELLED, ALARM, RECOVERY}),
        ("failure", {FAILURE, ALARM, RECOVERY}),
        ("success", {SUCCESS}),
    ],
)
def test_what_each_wish_hears_of(wish, heard):
    assert {k for k in (SUCCESS, FAILURE, CANCELLED, ALARM, RECOVERY) if wants(wish, k)} == heard
