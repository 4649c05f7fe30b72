"""Lines that are told and lines that are written come to the same, in order and once."""

from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given

from app.services.live import messages, watched
from app.services.live.watched import Place, Watched


def lines(first, last):
    says = {"type": "log", "number": first, "lines": [str(n) for n in range(first, last + 1)]}
    return messages.of_output(says)


def said(taken):
    """Return what was handed over: numbers, and ranges for gaps."""
    found: list[Any] = []
    for frame in taken.frames:
        says = orjson.loads(frame[frame.index(b'{"') :])
        if says["type"] == "log":
            assert [int(text) for text in says["lines"]] == list(
                range(says["number"], says["number"] + len(says["lines"]))
            )
            found += range(says["number"], says["number"] + len(says["lines"]))
        elif says["type"] == "gap":
            found.append((says["from"], says["to"]))
    return found


def all_of(one, after=0):
    """Take until nothing is left."""
    place, found = Place(after), []
    while True:
        taken = one.take(place, 0)
        found += said(taken)
        if taken.place.line == place.line:
            return found
        place = taken.place


def test_a_slow_reader_is_told_of_a_gap_and_holds_little(monkeypatch):
    monkeypatch.setattr(watched, "KEPT_MESSAGES", 100)
    one = Watched("e", 0)
    for number in range(1, 1001):
        one.hear(lines(number, number))
    assert all_of(one) == [(1, 900), *range(901, 1001)]
    assert all_of(one, 950) == list(range(951, 1001))


def test_much_is_handed_over_in_parts(monkeypatch):
    monkeypatch.setattr(watched, "_TAKE_BYTES", 100)
    one = Watched("e", 0)
    for number in range(1, 101):
        one.hear(lines(number, number))
    assert len(one.take(Place(0), 0).frames) < 10
    assert all_of(one) == list(range(1, 101))


def test_what_is_told_too_early_waits_for_the_rows():
    one = Watched("e", 4)
    one.hear(lines(9, 10))
    assert one.is_behind()
    assert all_of(one, 4) == []
    one.read([lines(5, 8)], b"", is_over=False)
    assert not one.is_behind()
    assert all_of(one, 4) == [5, 6, 7, 8, 9, 10]


def test_what_the_rows_leave_out_will_never_come_where_nothing_is_told():
    one = Watched("e", 4)
    one.read([lines(9, 10), lines(12, 12)], b"", is_over=False)
    assert all_of(one, 4) == [(5, 8), 9, 10, (11, 11), 12]


def test_what_the_rows_leave_out_may_still_be_told():
    """Beyond the bounds of an output rows have gaps, and may be there before what is told."""
    one = Watched("e", 0)
    one.hear(lines(1, 4))
    for _ in range(3):  # they are read again for as long as they wait
        one.read([lines(9, 10), lines(12, 14)], b"", is_over=False)
    assert all_of(one) == [1, 2, 3, 4]
    one.hear(lines(5, 8))
    one.hear(lines(9, 12))
    one.read([lines(12, 14)], b"", is_over=False)
    assert all_of(one) == list(range(1, 15))
    assert not one.is_behind()


def test_it_is_not_waited_for_forever_what_the_rows_leave_out(monkeypatch):
    one = Watched("e", 0)
    one.hear(lines(1, 4))
    one.read([lines(9, 10)], b"", is_over=False)
    monkeypatch.setattr(watched, "_WAIT_SECONDS", -1)
    one.read([lines(9, 10)], b"", is_over=False)
    assert all_of(one) == [1, 2, 3, 4, (5, 8), 9, 10]


@pytest.mark.parametrize("is_over", [False, True])
def test_missing_lines_are_not_waited_for_forever(monkeypatch, is_over):
    one = Watched("e", 4)
    one.hear(lines(9, 10))
    if not is_over:
        monkeypatch.setattr(watched, "_WAIT_SECONDS", -1)
    one.read([], b"", is_over=is_over)
    assert all_of(one, 4) == [(5, 8), 9, 10]


def test_a_newcomer_is_given_the_last_figure_and_the_status():
    one = Watched("e", 0)
    for number in range(3):
        one.note(messages.frame({"type": "metric", "n": number}))
    one.read([], messages.frame({"type": "status"}), is_over=False)
    taken = one.take(Place(0), 0)
    assert len(taken.frames) == 2
    assert b'"n":2' in taken.frames[0]
    assert one.take(taken.place, 0).frames == []


STEPS = st.tuples(st.sampled_from(["told", "lost", "written"]), st.integers(1, 9))


@given(st.lists(STEPS, max_size=40))
def test_every_line_comes_once_whatever_comes_first(steps):
    """Blocks are told, some are lost; rows follow behind them, in pieces of other sizes."""
    one, written, told = Watched("e", 0), 0, 0
    place, found = Place(0), []
    for kind, count in [*steps, ("written", 1_000)]:
        if kind == "written":
            last = min(written + count, told)
            # Rows are read from behind the last line; the first may begin before.
            rows = [lines(written + 1, last)] if last > max(one.last, written) else []
            one.read(rows, b"", is_over=False)
            written = last
        else:
            if kind == "told":
                one.hear(lines(told + 1, told + count))
            told += count
        taken = one.take(place, 0)
        found += said(taken)
        place = taken.place
    assert found == list(range(1, told + 1))
