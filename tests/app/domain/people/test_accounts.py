"""What people may be called."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.people.accounts import clean_email, clean_username


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("alice", "alice"),
        (" Alice ", "alice"),
        ("a.b_c-9", "a.b_c-9"),
        ("7", "7"),
        ("a" * 63, "a" * 63),
    ],
)
def test_a_name_is_in_lower_case(given, stored):
    assert clean_username(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("", " ", ".a", "-a", "_a", "a b", "a/b", "a:b", "a@b", "a\n", "al\0ice", "a" * 64),
        *("ällice", "\u212aelvin", "\u0430lice", "\N{FULLWIDTH LATIN SMALL LETTER A}lice"),
        *("default", "0123456789abcdef0123456789abcdef"),  # these are ids
    ],
)
def test_what_is_no_name_is_refused(given):
    if given == "a\n":
        assert clean_username(given) == "a"  # the end of a line is around it, not in it
        return
    with pytest.raises(ValueError, match="must"):
        clean_username(given)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("a@example.com", "a@example.com"),
        (" A.B+c@Example.COM ", "a.b+c@example.com"),
        ("jörg@bücher.example", "jörg@bücher.example"),
        (f"{'a' * 64}@{'b' * 63}.{'c' * 63}.de", f"{'a' * 64}@{'b' * 63}.{'c' * 63}.de"),
    ],
)
def test_an_address_is_in_lower_case(given, stored):
    assert clean_email(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("", "a", "a@", "@b.de", "a@b", "a@b.", "a@.de", "a@-b.de", "a@b..de", "a b@c.de"),
        *("a@b.de\nBcc: c@d.de", "a@b.de,c@d.de", "<a@b.de>", "a@@b.de", "a\0@b.de", "a\x01@b.de"),
        *(f"{'a' * 65}@b.de", f"a@{'b.' * 140}de", "a@b.de" * 1_000_000),
    ],
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match="must be an e-mail address"):
        clean_email(given)


@given(st.text(max_size=80))
def test_what_is_stored_is_stored_again_as_it_is(text):
    for clean in (clean_username, clean_email):
        with contextlib.suppress(ValueError):
            stored = clean(text)
            assert clean(stored) == stored
