"""The table of moves is a sound state machine."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import execution_state as state


def test_every_status_can_be_reached_from_birth() -> None:
    reached: set[str | None] = {None}
    while True:
        further = {new for old in reached for new in state.MOVES[old]} | reached
        if further == reached:
            break
        reached = further
    assert reached == {None, *state.STATUSES}


def test_from_every_status_an_end_can_be_reached() -> None:
    ends = set(state.FINAL)
    while True:
        more = {s for s in state.STATUSES if state.MOVES[s] & ends} | ends
        if more == ends:
            break
        ends = more
    assert ends == set(state.STATUSES)


@pytest.mark.parametrize(("old", "new"), list(product(sorted(state.FINAL), state.STATUSES)))
def test_nothing_leaves_a_final_status(old: str, new: str) -> None:
    assert not state.may_move(old, new)


@given(st.lists(st.sampled_from(state.STATUSES), min_size=1))
def test_a_legal_life_ends_at_most_once(path: list[str]) -> None:
    life: list[str] = []
    old: str | None = None
    for new in path:
        if state.may_move(old, new):
            life.append(new)
            old = new
    assert sum(status in state.FINAL for status in life) <= 1
    assert not any(status in state.FINAL for status in life[:-1])


def test_only_a_started_execution_can_complete() -> None:
    assert {old for old in state.MOVES if state.may_move(old, state.COMPLETED)} == set(
        state.STARTED
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("pending", ("scheduled", "queued")),
        ("failed", ("failed", "timeout", "dead_letter")),
        ("success", ("completed",)),
        ("timeout", ("timeout",)),
        ("bogus", None),
    ],
)
def test_filter_words_of_other_systems_are_understood(
    word: str, meant: tuple[str, ...] | None
) -> None:
    assert state.meant_by(word) == meant


def test_the_diagram_shows_every_move() -> None:
    lines = state.diagram().splitlines()
    assert len(lines) == 1 + sum(len(new) for new in state.MOVES.values()) + len(state.FINAL)
