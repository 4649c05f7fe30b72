"""The form of keys, and what scopes allow."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import api_keys


def test_a_key_has_the_promised_form():
    key = api_keys.new_key()
    assert len(key) == 71
    digits, check = key.removeprefix("oneoff_")[:56], key[-8:]
    assert check == f"{zlib.crc32(digits.encode()):08x}"
    assert api_keys.is_well_formed(key)
    assert api_keys.new_key() != key


@given(st.integers(7, 70), st.sampled_from("0123456789abcdef"))
def test_a_mistyped_key_is_told(place, digit):
    key = api_keys.new_key()
    mistyped = key[:place] + digit + key[place + 1 :]
    assert api_keys.is_well_formed(mistyped) == (mistyped == key)


@pytest.mark.parametrize("text", ["", "oneoff_", "x" * 71, "oneoff_" + "A" * 64, "é" * 71])
def test_what_is_no_key_is_told(text):
    assert not api_keys.is_well_formed(text)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("read", "read"),
        (" write , read ", "read,write"),
        ("ADMIN", "admin"),
        ("read,read", "read"),
        ("read,,write,", "read,write"),
    ],
)
def test_scopes_are_read_with_spaces_and_in_any_order(given_, kept):
    assert api_keys.clean_scopes(given_) == kept


@pytest.mark.parametrize("text", ["", " , ", "root", "read,root", "read write"])
def test_unknown_scopes_are_refused_with_what_there_is(text):
    with pytest.raises(ValueError, match="read, write, admin"):
        api_keys.clean_scopes(text)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ("read", {"read"}),
        ("write", {"read", "write"}),
        ("admin", {"read", "write", "admin"}),
        ("read,write", {"read", "write"}),
    ],
)
def test_scopes_hold_those_before_them(scopes, allowed):
    found = {wanted for wanted in api_keys.IMPLIED if api_keys.allows(scopes, wanted)}
    assert found == allowed
