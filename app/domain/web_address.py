"""Reads the URL of an outgoing request, and means what the connection will mean."""

import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from app.domain.outbound import Address, OutboundPolicy

MAX_URL_LENGTH = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_AUTHORITY = re.compile(
    r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^\[\]:@]+))(?::(?P<port>[0-9]{0,5}))?"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
#: Letters that the two generations of international names read differently.
_AMBIGUOUS = frozenset("ßς\u200c\u200d")
#: Scripts that are rightly written side by side.
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A URL taken apart. ``host`` is lower-case ASCII; IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    #: Path and query as they were written, beginning with ``/``; the fragment is dropped.
    target: str
    #: Set when the host is an address and not a name, however it was spelled.
    address: Address | None = None

    @property
    def authority(self) -> str:
        """Return host and port as they stand in a URL and a ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Return the URL without path and query: safe to show, and what trust is tied to."""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """Return the whole URL in its plain spelling."""
        return self.origin + self.target

    def refusal(self, policy: OutboundPolicy) -> str | None:
        """Return why the host must not be reached, as far as can be said without asking DNS."""
        if self.address is not None:
            return policy.refusal(self.address, self.port)
        if policy.owns(self.host, self.port):
            return f"{self.host} is a part of this product; requests must not go there."
        return None


def check_url(text: str) -> WebAddress:
    """Read an http or https URL; raises ValueError with a sentence for a person.

    Strict where programs disagree about what a URL means: no user name, no backslash, no spaces.
    """
    _check_characters(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("The URL can't be read: its host is not written properly.") from None
    _check_shape(parts)
    host, port = _split_authority(unicodedata.normalize("NFKC", parts.netloc))
    host, address = _host(host)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebAddress(
        scheme=parts.scheme,
        host=host,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        target=target,
        address=address,
    )


def _check_characters(text: str) -> None:
    if len(text) > MAX_URL_LENGTH:
        raise ValueError(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if "\\" in text:
        raise ValueError("The URL must not contain a backslash; write it as %5C.")
    if any(c.isspace() or unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in text):
        raise ValueError("The URL must not contain spaces, line ends or invisible characters.")


def _check_shape(parts: SplitResult) -> None:
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError("The URL must begin with http:// or https://.")
    if not parts.netloc:
        raise ValueError("The URL has no host.")
    if "@" in parts.netloc:
        raise ValueError("The URL must not hold a user name or password; use a header for them.")
    if "@" in parts.fragment:
        raise ValueError("The URL has an @ after #, which programs read in different ways.")


def _split_authority(authority: str) -> tuple[str, int | None]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise ValueError("The URL's host or port is not written properly.")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("The URL's port must be a number from 1 to 65535.")
    return match["six"] or match["name"], port


def _host(text: str) -> tuple[str, Address | None]:
    if ":" in text:
        address: Address = IPv6Address(text)
        return str(address), address
    name = _ascii(text.lower()).removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _ipv4(labels)
        return str(address), address
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("The URL's host is not a valid name.")
    return name, None


def _ipv4(labels: list[str]) -> IPv4Address:
    """Read all spellings that resolvers take for an address: ``127.1``, ``0x7f.1``, ``2130706433``.

    The last number fills all the bytes that are left.
    """
    numbers = [_number(label) for label in labels]
    *front, last = numbers
    if len(numbers) > 4 or any(n > 255 for n in front) or last >= 256 ** (5 - len(numbers)):
        raise ValueError("The URL's host is not a valid IPv4 address.")
    whole = sum(n << (24 - 8 * place) for place, n in enumerate(front))
    return IPv4Address(whole + last)


def _number(label: str) -> int:
    base = 10
    if label.startswith("0") and label != "0":
        base = 16 if label.startswith("0x") else 8
    try:
        return int(label if label.isdigit() or base == 16 else "-", base)
    except ValueError:
        raise ValueError("The URL's host is not a valid IPv4 address.") from None


def _ascii(name: str) -> str:
    """Write an international name in its ASCII form."""
    if name.isascii():
        return name
    if _AMBIGUOUS & set(name) or any(_mixes_scripts(label) for label in name.split(".")):
        raise ValueError("The URL's host mixes scripts; write its ASCII form, xn--….")
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("The URL's host is not a valid name.") from None


def _mixes_scripts(label: str) -> bool:
    letters = {unicodedata.name(c, "?").split()[0].split("-")[0] for c in label if c.isalpha()}
    scripts = letters - _EAST_ASIAN
    return len(scripts) > 1 or (bool(letters & _EAST_ASIAN) and bool(scripts - {"LATIN"}))
