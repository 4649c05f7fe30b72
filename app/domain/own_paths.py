"""Places on our own site that a page may be led to after something was done."""

from typing import Final
from urllib.parse import urlsplit

HOME: Final = "/"
_LONGEST: Final = 2000


def own_path(text: str) -> str:
    """Return a path of ours as it was given; of anything else, the start page.

    What browsers might take for another site is none of ours: they skip control characters, and
    read a backslash as a slash (WHATWG URL, section 4.4).
    """
    if not text.startswith("/") or len(text) > _LONGEST or not text.isascii():
        return HOME
    if text[1:2] in {"/", "\\"} or "\\" in text or not text.isprintable() or " " in text:
        return HOME
    parts = urlsplit(text)
    return HOME if parts.scheme or parts.netloc else text
