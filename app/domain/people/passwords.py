"""Passwords: which ones will do.

What counts is how many guesses one withstands, not which kinds of characters it has
(NIST SP 800-63B, section 3.1.1.2).
"""

import secrets
import unicodedata
from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 8
LONGEST: Final = 128
#: A character has at most so many parts before it is composed.
_PARTS: Final = 4
#: Control characters, and halves of characters, which no keyboard makes.
_REFUSED: Final = frozenset({"Cc", "Cs"})
#: So much is looked at for how easily it is guessed: the time for more grows quickly.
_LOOKED_AT: Final = 72
#: Fewer guesses than this are made in a short while, also where guessing is slowed down.
_GUESSES: Final = 1_000_000
_RANDOM_BYTES: Final = 15


def check_password(password: str, context: Iterable[str] = ()) -> None:
    """Raise :class:`ValueError` unless this will do as a password.

    ``context`` is what everybody may know of the person, such as the username. Blanks count
    like any other character, also at the ends.
    """
    if len(password) > LONGEST * _PARTS:
        raise ValueError(f"must have at most {LONGEST} characters")
    text = unicodedata.normalize("NFC", password)
    if len(text) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters")
    if len(text) < SHORTEST:
        raise ValueError(f"must have at least {SHORTEST} characters")
    if any(unicodedata.category(character) in _REFUSED for character in text):
        raise ValueError("must not hold control characters")
    if _guesses(text, context) < _GUESSES:
        raise ValueError("is too easily guessed: take a longer one, such as four words by chance")


def new_password() -> str:
    """Return a password by chance; 120 of its bits are random."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def _guesses(text: str, context: Iterable[str]) -> float:
    known = {part for given in context for part in (given, given.partition("@")[0]) if part}
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists of words take 8 MB, in every process

    return float(zxcvbn(text[:_LOOKED_AT], user_inputs=sorted(known))["guesses"])
