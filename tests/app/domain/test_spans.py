"""Spans and rates as people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import spans


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), (" 2D ", 172_800), ("0", 0)],
)
def test_spans_are_read(text, seconds):
    assert spans.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "-5m", "5 m", "m", "1m1h", "1.5h", "36501d", "9" * 50 + "s", "٣m"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        spans.seconds(text)


@given(st.integers(1, spans.MOST_STARTS), st.integers(1, spans.LONGEST_PERIOD))
def test_a_rate_is_read_as_it_is_written(count, period):
    assert spans.rate(spans.rate_text(count, period)) == (count, period)


@pytest.mark.parametrize("text", ["10/m", "10/1m", "10 / 60s", "10 per m", "10/60"])
def test_rates_are_read(text):
    assert spans.rate(text) == (10, 60)


@pytest.mark.parametrize("text", ["", "10", "/m", "0/m", "1/0s", "1/2d", "10001/m", "x/m", "1/x"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        spans.rate(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for read in (spans.seconds, spans.rate):
        with contextlib.suppress(ValueError):
            read(text)
