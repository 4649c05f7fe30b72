"""Addresses of e-mail: what is taken as one, and lists of them.

Only plain addresses are taken: no display names, comments, quotes or routes, so that what is
stored is what is sent to. Names before the @ are ASCII (a server may not know others, RFC 6531);
domains may be written in any letters and are stored in ASCII.
"""

import re
from typing import Final

from app.domain.errors import shorten

#: Addresses that a list may hold.
MOST: Final = 20
#: RFC 5321, section 4.5.3.1: of the whole address, and of what is before the @.
_LONGEST: Final = 254
_LONGEST_LOCAL: Final = 64
#: RFC 5322, section 3.2.3: a dot-atom.
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def clean_address(text: str) -> str:
    """Return an address in its stored form. Raises :class:`ValueError` if it is none."""
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or len(text) > 4 * _LONGEST:
        raise _refused(text, "must be an address such as ann@example.com")
    if len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise _refused(text, f"{shorten(local, 40)!r} can't be before the @")
    name = _in_ascii(domain)
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused(text, f"{shorten(domain, 40)!r} is no domain such as example.com")
    if labels[-1].isdigit() or len(local) + 1 + len(name) > _LONGEST:
        raise _refused(text, f"must have a domain and at most {_LONGEST} characters")
    return f"{local}@{name}"


def clean_addresses(given: object) -> tuple[str, ...]:
    """Return addresses in their stored form, each once, in their order.

    ``given`` is a comma-separated text or a list. Raises :class:`ValueError` that names every
    address that is none, or if there are more than :data:`MOST`.
    """
    words = given.split(",") if isinstance(given, str) else given
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a comma-separated text or a list of texts")
    words = [word for word in words if word.strip(" ")]
    if len(words) > MOST:
        raise ValueError(f"must be at most {MOST} addresses, not {len(words)}")
    found: dict[str, str] = {}
    faults = []
    for word in words:
        try:
            address = clean_address(word)
        except ValueError as error:
            faults.append(str(error))
        else:
            found.setdefault(address.lower(), address)
    if faults:
        raise ValueError("; ".join(faults))
    return tuple(found.values())


def _in_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _refused(text: str, reason: str) -> ValueError:
    return ValueError(f"{shorten(text, 60)!r} is no e-mail address: {reason}")
