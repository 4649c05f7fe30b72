"""Which passwords will do."""

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.people.passwords import LONGEST, check_password, new_password

#: Nobody guesses it, and it has 64 characters.
LONG = "7vQ!x2Lp mR9#tZ4w Yk6&hB1n Jd8*sF3g Xc5%qV0j Ua7^eN2r Ot4(iW9y P"


@pytest.mark.parametrize(
    "password",
    [
        LONG[:64],
        LONG[:64] * 2,
        "correct horse battery staple",
        "  blanks at the ends count  ",
        "Zwölf große Käfer",
        "🦊🐢🎻🧭🪁🍐🚂🔑",
        unicodedata.normalize("NFD", "äöüßéñôç" * 16),  # longer, until it is composed
    ],
)
def test_what_nobody_guesses_will_do(password):
    check_password(password, ["alice", "alice@example.com"])


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("", "at least 8"),
        ("kx7#mQ2", "at least 8"),
        (
            unicodedata.normalize("NFD", "äöüéñôç"),
            "at least 8",
        ),  # eleven code points, seven letters
        (LONG[:64] * 2 + "x", "at most 128"),
        ("x" * 5000, "at most 128"),
        ("x" * 10_000_000, "at most 128"),
        ("a right one\0 then", "control"),
        ("a right one\n then", "control"),
        ("a right one\x7f then", "control"),
        ("a right one\ud800 then", "control"),
        ("password1", "guessed"),
        ("qwertyuiop", "guessed"),
        ("aaaaaaaaaaaaaaaaaaaa", "guessed"),
        ("        ", "guessed"),
        ("12345678", "guessed"),
        ("Password123", "guessed"),
    ],
)
def test_what_will_not_do_is_said(password, word):
    with pytest.raises(ValueError, match=word):
        check_password(password)


@pytest.mark.parametrize("password", ["brunhilde", "Brunhilde1", "brunhilde.x", "b.x@example.com"])
def test_what_everybody_knows_of_the_person_is_easily_guessed(password):
    context = ["brunhilde.x", "brunhilde", "b.x@example.com"]
    with pytest.raises(ValueError, match="guessed"):
        check_password(password, context)


@given(st.text(max_size=LONGEST * 5), st.lists(st.text(max_size=60), max_size=3))
def test_every_text_is_taken_or_refused(password, context):
    with contextlib.suppress(ValueError):
        check_password(password, context)


def test_those_made_by_chance_will_do_and_differ():
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password)
