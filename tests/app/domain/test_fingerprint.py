"""Errors that are the same but for what changes each time have one fingerprint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.fingerprint import fingerprint, normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("exited with code 3", "exited with code 17"),
        ("took 1.5 s at 10:30:01", "took 22.75 s at 09:01:59"),
        ("no file '/tmp/a b'", "no file '/var/x'"),
        ('key "a" is gone', 'key "b c" is gone'),
        ("at 0x7ffe00aa", "at 0x1"),
        ("commit deadbeef01 failed", "commit 0123456789abcdef failed"),
        (
            "row 3f2b8c1e-0d4a-4b6e-9c1d-aa00bb11cc22 is locked",
            "row 00000000-0000-0000-0000-000000000000 is locked",
        ),
        ("two\n  lines", "two lines"),
    ],
)
def test_what_changes_each_time_makes_no_difference(one, other):
    assert fingerprint(one, "X") == fingerprint(other, "X")


@pytest.mark.parametrize(
    ("one", "other"), [("disk full", "disk gone"), ("a facade", "a decade"), ("", "x")]
)
def test_words_make_a_difference(one, other):
    assert fingerprint(one, "X") != fingerprint(other, "X")


def test_the_code_makes_a_difference():
    assert fingerprint("x", "ONE") != fingerprint("x", "TWO")


@given(st.one_of(st.none(), st.text(max_size=4000)), st.one_of(st.none(), st.text(max_size=50)))
def test_every_error_has_one(error, code):
    assert len(fingerprint(error, code)) == 32


@given(st.integers(0), st.integers(0))
def test_no_number_is_left(one, other):
    assert normalised(f"failed {one} of {other}.") == "failed <n> of <n>."
