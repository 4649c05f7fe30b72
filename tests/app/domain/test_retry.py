"""When a failed attempt is followed by another, and after how long."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.retry import (
    OF_THE_WORKER,
    PERMANENT,
    PRESETS,
    YEAR_SECONDS,
    RetryPolicy,
    delay_for,
    fate,
    kind_of,
    read_policy,
)
from docs.error_codes import found

_seconds = st.floats(0.1, YEAR_SECONDS)
_jitters = st.floats(0, 1)
_numbers = st.integers(1, 1000)


def _read(written) -> RetryPolicy:
    policy = read_policy(written)
    assert policy is not None
    return policy


@st.composite
def policies(draw, strategy=None):
    """Draw a policy that a person may write."""
    kind = strategy or draw(st.sampled_from(["fixed", "exponential", "list"]))
    written = {"strategy": kind, "jitter": draw(_jitters), "max_retries": draw(_numbers)}
    if kind == "list":
        written["delays"] = draw(st.lists(_seconds, min_size=1, max_size=20))
    else:
        base, cap = sorted((draw(_seconds), draw(_seconds)))
        written |= {"base_seconds": base, "cap_seconds": cap, "factor": draw(st.floats(1, 100))}
    return _read(written)


@given(policies(), _numbers, st.text(), st.floats(-10, 1e9))
def test_a_delay_is_bounded_and_the_same_for_the_same_seed(policy, retry, seed, asked):
    delay = delay_for(policy, retry, seed)
    assert 0 < delay <= min(policy.cap * (1 + policy.jitter), YEAR_SECONDS)
    assert delay == delay_for(policy, retry, seed)
    longer = delay_for(policy, retry, seed, asked)
    assert delay <= longer <= min(max(policy.cap, 3600) + policy.cap * policy.jitter, YEAR_SECONDS)
    assert longer >= min(asked, 3600)


@given(policies("exponential"), st.text())
def test_exponential_delays_only_grow(policy, seed):
    delays = [delay_for(policy, retry, seed) for retry in (1, 2, 3, 10, 100, 999, 1000)]
    assert delays == sorted(delays)


@given(policies())
def test_what_is_stored_means_the_same(policy):
    again = _read(policy.stored())
    assert again.stored() == policy.stored()
    assert delay_for(again, 2, "x") == delay_for(policy, 2, "x")


@given(st.integers(0, 2**32))
def test_what_fails_together_comes_back_apart(first):
    policy = _read({})
    seconds = [math.floor(delay_for(policy, 1, f"{first} {n}")) for n in range(1000)]
    assert max(map(seconds.count, set(seconds))) <= 200


def _delays(policy, count):
    return [round(delay_for(policy, n, "seed"), 3) for n in range(1, count + 1)]


def test_the_presets_keep_their_rhythm():
    assert _delays(_read("taskflow"), 3) == [60, 60, 60]
    assert _delays(_read("claude-jobs"), 11) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    plain = _read({"preset": "enterprise", "jitter": 0})
    assert _delays(plain, 7) == [5, 15, 60, 300, 1800, 1800, 1800]
    assert {name: _read(name).stored()["preset"] for name in PRESETS} == {
        name: name for name in PRESETS
    }


def test_what_is_given_beside_a_preset_wins():
    policy = _read({"preset": "taskflow", "max_retries": 7})
    assert (policy.max_retries, policy.base_seconds, policy.preset) == (7, 60, "taskflow")


@pytest.mark.parametrize("given_", [None, {"max_retries": 0}])
def test_no_policy_is_none(given_):
    assert read_policy(given_) is None


@pytest.mark.parametrize(
    ("given_", "place"),
    [
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 10**6}, "max_retries"),
        ({"max_retries": True}, "max_retries"),
        ({"max_retries": "3"}, "max_retries"),
        ({"base_seconds": 0}, "base_seconds"),
        ({"base_seconds": 1e8}, "base_seconds"),
        ({"base_seconds": float("nan")}, "base_seconds"),
        ({"cap_seconds": 1e8}, "cap_seconds"),
        ({"factor": 0.5}, "factor"),
        ({"jitter": 1.1}, "jitter"),
        ({"retry_on": []}, "retry_on"),
        ({"retry_on": ["never"]}, "retry_on"),
        ({"strategy": "sometimes"}, "strategy"),
        ({"strategy": "list", "delays": [0]}, "delays"),
        ({"retries": 3}, "retries"),
        ("unknown", "preset"),
    ],
)
def test_what_is_out_of_range_is_named(given_, place):
    with pytest.raises(ValidationError) as caught:
        _read(given_)
    assert {error["loc"][0] for error in caught.value.errors()} == {place}


@pytest.mark.parametrize(
    "given_",
    [
        {"strategy": "list"},
        {"delays": [1]},
        {"base_seconds": 10, "cap_seconds": 5},
        ["fixed"],
        7,
    ],
)
def test_what_does_not_fit_together_is_refused(given_):
    with pytest.raises(ValidationError):
        _read(given_)


def test_a_long_base_needs_no_cap():
    assert delay_for(_read({"base_seconds": 4000, "jitter": 0}), 3, "") == 4000


def _fate(retries=0, verdict="failed", code="EXIT_CODE", *, permanent=False, **policy):
    return fate(RetryPolicy(**policy), retries, verdict, code, is_permanent=permanent)


def test_an_attempt_is_retried_until_all_are_spent_and_then_buried():
    assert [_fate(n, max_retries=2) for n in range(4)] == ["retry", "retry", "bury", "bury"]


@pytest.mark.parametrize(
    "over",
    [
        {"max_retries": 0},
        {"verdict": "completed", "code": None},
        {"verdict": "cancelled", "code": "CANCELLED"},
        {"verdict": "timeout", "code": "TIMEOUT"},
        {"code": "CONFIG_INVALID"},
        {"code": "WORKER_LOST"},
        {"code": "HTTP_STATUS", "permanent": True},
        {"retry_on": ["error"]},
        {"code": "DNS_FAILED", "retry_on": ["exit_code", "timeout"]},
    ],
)
def test_other_ends_stay_as_they_are(over):
    assert _fate(**over) == "stay"


def test_a_timeout_is_retried_if_the_policy_says_so():
    assert _fate(verdict="timeout", code="TIMEOUT", retry_on=["timeout"]) == "retry"


#: Each of these may be over by the next attempt.
PASSING = {
    "CALLABLE_RAISED",
    "CONNECT_FAILED",
    "DNS_FAILED",
    "DOCKER_UNAVAILABLE",
    "EXECUTION_ERROR",
    "EXECUTOR_ERROR",
    "EXIT_CODE",
    "HELPER_LOST",
    "HTTP_STATUS",
    "IMAGE_PULL_FAILED",
    "KILLED_BY_SIGNAL",
    "OUT_OF_MEMORY",
    "PROTOCOL_ERROR",
    "START_FAILED",
    "TLS_ERROR",
}


def test_every_error_code_is_known_to_pass_or_not():
    others = {"CANCELLED", "TIMEOUT"}
    assert found() - others == PASSING | PERMANENT | OF_THE_WORKER
    assert {kind_of("failed", code) for code in PASSING} == {"exit_code", "error"}
