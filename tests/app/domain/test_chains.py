"""Which link of a chain comes next, and how a run ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import chains
from app.domain.chains import Past, final_status, stopped_by, why_not

pasts = st.lists(
    st.builds(Past, st.sampled_from([None, chains.SUCCESS, chains.FAILURE]), st.booleans()),
    max_size=12,
)
OK, BAD, TOLERATED, PASSED = (
    Past(chains.SUCCESS),
    Past(chains.FAILURE),
    Past(chains.FAILURE, stop_on_failure=False),
    Past(None),
)


@pytest.mark.parametrize(
    ("run_if", "past", "runs"),
    [
        ("success", [], True),
        ("success", [OK, OK], True),
        ("success", [OK, BAD], False),
        ("success", [BAD, PASSED, OK], False),  # what runs after a stop does not undo it
        ("success", [TOLERATED], True),
        ("failure", [OK], False),
        ("failure", [BAD], True),
        ("failure", [BAD, OK], True),
        ("failure", [TOLERATED], True),
        ("failure", [TOLERATED, PASSED], True),
        ("failure", [TOLERATED, OK], False),
        ("always", [BAD], True),
        ("always", [], True),
    ],
)
def test_a_link_runs_if(run_if, past, runs):
    assert (why_not(run_if, past) is None) == runs


@given(pasts)
def test_a_stop_leaves_only_links_that_ask_for_a_failure_or_run_in_any_case(past):
    stopped = stopped_by(past) is not None
    assert (why_not("success", past) is None) == (not stopped)
    if stopped:
        assert why_not("failure", past) is None
    assert why_not("always", past) is None


@given(pasts)
def test_a_run_fails_only_by_a_failure_that_stops(past):
    failing = [p for p in past if p.outcome == chains.FAILURE and p.stop_on_failure]
    assert final_status(past) == ("failed" if failing else "completed")


@given(pasts, pasts)
def test_once_stopped_always_stopped(past, more):
    if stopped_by(past) is not None:
        assert stopped_by([*past, *more]) == stopped_by(past)


@given(pasts)
def test_links_that_were_passed_over_change_nothing(past):
    without = [p for p in past if p.outcome is not None]
    for run_if in chains.RUN_IF:
        assert (why_not(run_if, past) is None) == (why_not(run_if, without) is None)
