"""Names that people give to things."""

import re
import unicodedata

LONGEST = 255
#: Control characters, line and paragraph separators, and marks that turn the writing direction.
_REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUEUE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def clean_name(text: str) -> str:
    """Return a name in its stored form: NFC, without white space around it.

    Raises :class:`ValueError` unless it has 1 to 255 printable characters.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(name) <= LONGEST or _REFUSED.search(name):
        raise ValueError(f"must have 1 to {LONGEST} printable characters")
    return name


def check_queue(text: str) -> str:
    """Return the name of a run queue. Raises :class:`ValueError` if it can't be one."""
    if not _QUEUE.fullmatch(text):
        raise ValueError("must have 1 to 64 letters, digits, dots, dashes and underscores")
    return text
