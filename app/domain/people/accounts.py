"""What people and roles may be called, and the form of their addresses."""

import re
import unicodedata
from typing import Final

from app.domain.ids import normalise_id

#: RFC 5321, section 4.5.3.1.3, without the brackets around it.
LONGEST_EMAIL: Final = 254
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_ALLOWED: Final = (
    "must have 1 to 63 letters a-z, digits, dots, dashes and underscores, "
    "and begin with a letter or a digit"
)
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(rf"[^\s@<>()\[\],;:\\\"]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")


def clean_username(text: str) -> str:
    """Return the name of a person or a role in its stored form: in lower case.

    Raises :class:`ValueError`, also for what could be taken for an id.
    """
    name = text.strip()
    name = name.lower() if name.isascii() else name
    if not _NAME.fullmatch(name):
        raise ValueError(_ALLOWED)
    if normalise_id(name) is not None:
        raise ValueError("must not look like an id")
    return name


def clean_email(text: str) -> str:
    """Return an e-mail address in its stored form: NFC, in lower case, so that no two are alike.

    Raises :class:`ValueError` if it can't be one.
    """
    address = unicodedata.normalize("NFC", text.strip()[: LONGEST_EMAIL * 2]).lower()
    is_one = len(address) <= LONGEST_EMAIL and address.isprintable()
    if not is_one or not _EMAIL.fullmatch(address):
        wanted = f"an e-mail address of at most {LONGEST_EMAIL} characters"
        raise ValueError(f"must be {wanted}, such as a@example.com")
    return address
