"""Texts as people type them in a hurry: without capitals, without tones."""

import unicodedata
from typing import Final

_TONED: Final = "àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ"
_BARE: Final = "aaaaaaaaaaaaaaaaaeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyyd"
#: The Vietnamese letters with tones, and those without, in the same order.
TONED: Final = _TONED + _TONED.upper()
BARE: Final = _BARE + _BARE.upper()
#: Tones that stand as signs of their own behind a letter.
SIGNS: Final = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"
_TO_BARE: Final = str.maketrans(TONED, BARE, SIGNS)
#: What is a letter of its own in Unicode, and typed as its neighbour.
_LETTERS: Final = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l"})


def bare(text: str) -> str:
    """Return a text without Vietnamese tones, in the same case: as the databases index names."""
    return text.translate(_TO_BARE)


def fold(text: str) -> str:
    """Return a text in small letters without tones and accents: ``Đồng bộ`` as ``dong bo``."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return bare.translate(_LETTERS)


def rank(wanted: str, text: str) -> int | None:
    """Return how well a text fits what is wanted, both folded: 0 is best; ``None`` if not at all.

    The same text is better than its beginning, that better than the beginning of a word in it.
    """
    place = text.find(wanted)
    if place < 0:
        return None
    if place == 0:
        return 0 if len(text) == len(wanted) else 1
    begins_word = any(not text[at - 1].isalnum() for at in _places(wanted, text))
    return 2 if begins_word else 3


def _places(wanted: str, text: str) -> list[int]:
    found, place = [], text.find(wanted)
    while place >= 0:
        found.append(place)
        place = text.find(wanted, place + 1)
    return found
