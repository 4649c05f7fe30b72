"""What webhooks are told, and when a delivery is tried again."""

import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import reactions
from app.domain import events
from app.domain.events import (
    ChainEnded,
    ExecutionEnded,
    ExecutionSkipped,
    ExecutionStarted,
    JobCreated,
)
from app.domain.webhooks import (
    EVENTS,
    NAMES,
    clean_events,
    delay_seconds,
    names_of,
    pause_seconds,
    wish_seconds,
)
from app.services.webhooks import outbox


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (JobCreated("j"), ["job.created"]),
        (ExecutionStarted("e", "j"), ["job.started"]),
        (ExecutionSkipped("e", "j"), ["job.skipped"]),
        (ExecutionEnded("e", "j", "completed"), ["job.completed"]),
        (ExecutionEnded("e", "j", "cancelled"), ["job.cancelled"]),
        (ExecutionEnded("e", "j", "failed"), ["job.failed"]),
        (ExecutionEnded("e", "j", "timeout"), ["job.failed", "job.timeout"]),
        (ExecutionEnded("e", "j", "dead_letter"), ["job.failed", "job.dead_letter"]),
        (ExecutionEnded("e", "j", "failed", will_retry=True), ["job.retrying"]),
        (ExecutionEnded("e", "j", "timeout", will_retry=True), ["job.retrying"]),
        (ChainEnded("r", "c", "completed", "p"), ["chain.completed"]),
        (ChainEnded("r", "c", "failed", "p"), ["chain.failed"]),
        (ChainEnded("r", "c", "cancelled", "p"), []),
    ],
)
def test_what_happens_has_its_names(event, names):
    assert [*names_of(event)] == names
    assert EVENTS.keys() >= {*names}


def test_every_event_has_a_name_and_is_written():
    told_to_pages_only = {events.JobChanged, events.JobDeleted, events.ExecutionMoved}
    assert {*typing.get_args(events.Event)} == NAMES.keys() | told_to_pages_only
    assert all(outbox.note in reactions.IN_TRANSACTION[event] for event in NAMES)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("job.failed", "job.failed"),
        (" job.failed , job.created ,", "job.created,job.failed"),
        (["job.failed", "job.failed", " job.created"], "job.created,job.failed"),
        ("chain.failed,job.skipped", "job.skipped,chain.failed"),
    ],
)
def test_events_are_taken_as_text_or_list(given, stored):
    assert clean_events(given) == stored


@pytest.mark.parametrize("given", ["", " , ", [], "job.exploded", "test", [1], 5, None, {"a": 1}])
def test_other_events_are_refused_with_what_is_allowed(given):
    with pytest.raises(
        ValueError, match=r"must be|invalid event type: .*; allowed are job.created"
    ):
        clean_events(given)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_tries_come_after_two_to_the_n_seconds_up_to_five_minutes(attempt, chance):
    planned = min(2**attempt, 300)
    assert planned <= delay_seconds(attempt, chance) <= planned * 1.2


@given(st.integers(0, 10_000))
def test_an_endpoint_is_left_alone_after_five_failures_and_never_for_long(failures):
    pause = pause_seconds(failures)
    assert (pause > 0) == (failures >= 5)
    assert pause <= 300
    assert pause <= pause_seconds(failures + 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999", 3600),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("\u0661", None),
    ],
)
def test_a_wish_to_wait_is_read_and_capped(text, seconds):
    assert wish_seconds(text, lambda _: None) == seconds


@given(st.text())
def test_a_wish_never_raises_and_never_is_long(text):
    wish = wish_seconds(text, lambda _: 1e9)
    assert wish is None or 0 <= wish <= 3600
