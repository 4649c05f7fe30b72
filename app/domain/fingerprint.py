"""Fingerprints of errors: the same for errors that differ only in what changes each time."""

import hashlib
import re
from typing import Final

#: Errors that begin alike for so long are alike.
_READ_CHARACTERS: Final = 2000
#: In this order: what is found first is not looked into again.
_VARIABLE: Final = (
    (re.compile(r"\"[^\"\n]{0,500}\"|'[^'\n]{0,500}'|`[^`\n]{0,500}`"), "<text>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b0[xX][0-9a-fA-F]+\b"), "<n>"),
    (re.compile(r"\b(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}\b"), "<n>"),
    (re.compile(r"[0-9]+(?:[.,:][0-9]+)*"), "<n>"),
    (re.compile(r"\s+"), " "),
)


def normalised(error: str) -> str:
    """Return an error without numbers, ids, and what stands between quotation marks."""
    text = error[:_READ_CHARACTERS]
    for pattern, name in _VARIABLE:
        text = pattern.sub(name, text)
    return text.strip()


def fingerprint(error: str | None, error_code: str | None) -> str:
    """Return the fingerprint of an error: 32 hexadecimal digits."""
    text = f"{error_code or ''}\n{normalised(error or '')}"
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
