"""Reading JSON that strangers wrote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.texts.json_text import (
    MAX_DEPTH,
    UnreadableError,
    character_faults,
    may_hold_bad_characters,
    read,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@given(VALUES)
def test_what_json_writes_is_read_again(value):
    assert read(json.dumps(value)) == value
    assert read(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.text() | st.binary())
def test_any_other_text_is_unreadable_at_most(text):
    try:
        read(text)
    except UnreadableError as error:
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize("form", ["[{}]", '{{"a": {}}}'])
def test_nesting_ends_at_its_limit(form):
    def nested(depth):
        text = "[]"
        for _ in range(depth - 1):
            text = form.format(text)
        return text

    read(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 500, 50_000 if form == "[{}]" else 900):
        with pytest.raises(UnreadableError, match="64 levels"):
            read("[" * depth + "]" * depth if depth > 1000 else nested(depth))


def test_many_values_side_by_side_are_not_deep():
    assert len(read("[" + ",".join(["[]"] * 500) + "]")) == 500


def test_the_place_of_a_fault_is_told():
    with pytest.raises(UnreadableError) as caught:
        read('{"a": 1,\n  b}')
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', '[{"a": {"b": 1, "c": 2, "b": 3}}]'])
def test_a_name_given_twice_is_refused(text):
    with pytest.raises(UnreadableError, match="given twice"):
        read(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "1e400", "-1e400", "9" * 5000])
def test_what_is_no_number_in_json_is_refused(text):
    with pytest.raises(UnreadableError, match="number"):
        read(text)


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("ok", []),
        ("a\0", [""]),
        ({"a": ["x", "\ud800"]}, ["a.1"]),
        ({"a": {"b\0": 1}}, ["a.b\ufffd"]),
        ({"a": 1, "b": None, "c": "\udc00"}, ["c"]),
        ("🙂", []),
    ],
)
def test_text_that_no_database_holds_is_found(value, paths):
    assert [fault.field for fault in character_faults(value)] == paths


def test_only_escapes_can_hide_such_text():
    assert may_hold_bad_characters('"\\u0041"')
    assert may_hold_bad_characters(b'"\\u0000"')
    assert not may_hold_bad_characters(b'"abc"')
