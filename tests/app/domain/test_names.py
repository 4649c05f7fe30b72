"""Names that people give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import check_queue, clean_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", "a"),
        ("  a b ", "a b"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("👩‍💻", "👩‍💻"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_printable_name_is_kept_in_one_form(text, name):
    assert clean_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "  ", "x" * 256, "a\nb", "\x7f", "a\u2028b", "\u202eexe", "\u2066", "\ud800"]
)
def test_what_can_not_be_shown_is_no_name(text):
    with pytest.raises(ValueError, match="printable"):
        clean_name(text)


@given(st.text())
def test_a_clean_name_stays_as_it_is(text):
    try:
        name = clean_name(text)
    except ValueError:
        return
    assert clean_name(name) == name


@pytest.mark.parametrize("name", ["default", "a.b-c_d", "A" * 64, "0"])
def test_a_queue_may_be_called_so(name):
    assert check_queue(name) == name


@pytest.mark.parametrize("name", ["", "a b", "é", "A" * 65, "a/b", "a\n"])
def test_a_queue_may_not_be_called_so(name):
    with pytest.raises(ValueError, match="letters"):
        check_queue(name)
