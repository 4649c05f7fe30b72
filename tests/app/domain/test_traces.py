"""Places in traces, as W3C Trace Context writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import traces
from app.domain.traces import Point

IDS = st.integers(min_value=1, max_value=2**128 - 1).map(lambda n: f"{n:032x}")
SPANS = st.integers(min_value=1, max_value=2**64 - 1).map(lambda n: f"{n:016x}")
GIVEN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@given(st.builds(Point, IDS, SPANS, st.integers(0, 3)))
def test_what_is_written_is_read_again(point: Point) -> None:
    assert traces.read(str(point)) == point


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = traces.read(text)
    assert found is None or traces.read(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-0-1-01",
        f"00-{'0' * 32}-{GIVEN[1]}-01",
        f"00-{GIVEN[0]}-{'0' * 16}-01",
        f"00-{GIVEN[0].upper()}-{GIVEN[1]}-01",
        f"ff-{GIVEN[0]}-{GIVEN[1]}-01",
        f"00-{GIVEN[0]}-{GIVEN[1]}-01-more",
        f"00-{GIVEN[0]}-{GIVEN[1]}",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert traces.read(text) is None


def test_a_later_version_is_read_as_far_as_it_is_known() -> None:
    assert traces.read(f"cc-{GIVEN[0]}-{GIVEN[1]}-ff-what-the-future-brings") == Point(*GIVEN, 3)


def test_who_was_not_sampled_stays_so() -> None:
    point = traces.read(f"00-{GIVEN[0]}-{GIVEN[1]}-00")
    assert point is not None
    assert not point.is_sampled
    assert not point.within().is_sampled
    assert point.within().span_id != point.span_id


def test_the_work_at_hand_belongs_to_the_innermost() -> None:
    outer, inner = traces.begin(), traces.begin()
    assert traces.enter(outer) is None
    assert traces.enter(inner) == outer
    assert traces.here() == inner
    traces.enter(outer)
    assert traces.here() == outer
    traces.enter(None)
    assert traces.here() is None
