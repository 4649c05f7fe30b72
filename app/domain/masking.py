"""Secrets taken out of texts, in the forms in which programs usually print them.

What is found: the secret as it is, URL-encoded, JSON-escaped, and in base64 (in both alphabets,
also as a part of something longer, such as ``user:secret``); of one with several lines each line
as well. What is not found: other encodings and encodings of encodings, a secret in pieces, or
with colour codes inside.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
#: Shorter secrets are not masked: they would blot out half of any text, and so be guessed.
SHORTEST: Final = 4
#: A place in a text is looked at if so many bytes look like the beginning of a secret.
_PREFIX: Final = SHORTEST
#: So many bytes of a secret are hidden also where a text was cut in the middle of it.
_CUT: Final = 8
_ENDS: Final = (b"\xe2\x80\xa6", b"...")
_MASK_BYTES: Final = MASK.encode()
_HEX: Final = re.compile(r"%[0-9A-F]{2}|\\u[0-9a-f]{4}")
#: What some writers of JSON escape beyond need, for the sake of HTML.
_FOR_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Masker:
    """Takes certain secrets out of texts; safe to use from several threads."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in forms_of(secret)}
        self._by_prefix: dict[bytes, list[bytes]] = defaultdict(list)
        for form in sorted(forms, key=len, reverse=True):
            self._by_prefix[form[:_PREFIX]].append(form)
        self._beginnings = {p[:n] for p in self._by_prefix for n in range(1, _PREFIX)}
        self._look = _look(self._by_prefix)
        #: Whether there is nothing to mask.
        self.is_idle = not forms

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        if self.is_idle:
            return text
        raw = text.encode(errors="surrogatepass")
        if self._look.search(raw) is None:
            return text
        return self.stream().whole(raw).decode(errors="surrogatepass")

    def excerpt(self, text: str) -> str:
        """Return a text that others have shortened, without the secrets and the parts of some.

        A part is hidden where the text ends in it, or goes on with an ellipsis.
        """
        if self.is_idle:
            return text
        raw = self.text(text).encode(errors="surrogatepass")
        out, done, start = [], 0, 0
        while match := self._look.search(raw, start):
            place = match.start()
            start = self._cut_at(raw, place) or place + 1
            if start > place + 1:
                out += [raw[done:place], _MASK_BYTES]
                done = start
        return b"".join([*out, raw[done:]]).decode(errors="surrogatepass")

    def stream(self) -> "StreamMasker":
        """Return what masks one stream that comes in pieces."""
        return StreamMasker(self)

    def next_place(self, data: bytes, start: int, *, is_all: bool) -> tuple[int, int] | None:
        """Return where a secret begins at or after ``start``, and how many bytes it has.

        0 bytes: more data must come (none will if ``is_all``) to tell whether it is one, or
        which. ``None``: there is none.
        """
        while match := self._look.search(data, start):
            place = match.start()
            length = self._length_at(data, place, is_all=is_all)
            if length is not None:
                return place, length
            start = place + 1
        if is_all:
            return None
        for place in range(max(start, len(data) - _PREFIX + 1), len(data)):
            if data[place:] in self._beginnings:
                return place, 0
        return None

    def _length_at(self, data: bytes, place: int, *, is_all: bool) -> int | None:
        left = len(data) - place
        for form in self._by_prefix[data[place : place + _PREFIX]]:  # the longest first
            if len(form) <= left:
                if data.startswith(form, place):
                    return len(form)
            elif not is_all and form.startswith(data[place:]):
                return 0
        return None

    def _cut_at(self, data: bytes, place: int) -> int:
        """Return where the beginning of a secret ends at which the text was cut; 0 for none."""
        for form in self._by_prefix[data[place : place + _PREFIX]]:
            for end in (data.find(mark, place, place + len(form) + 3) for mark in _ENDS):
                part = data[place : len(data) if end < 0 else end]
                if len(part) >= _CUT and form.startswith(part):
                    return place + len(part)
        return 0


class StreamMasker:
    """Masks one stream, as if it were one text; used by one thread at a time.

    It holds back only what may be the beginning of a secret, less than the longest of their forms.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""
        #: So many of the bytes held back are part of a secret that was masked already.
        self._covered = 0

    def feed(self, data: bytes) -> bytes:
        """Return what can be passed on once these bytes have come as well."""
        return self._pass_on(data, is_all=False)

    def end(self) -> bytes:
        """Return what was held back; the stream is over."""
        return self._pass_on(b"", is_all=True)

    def whole(self, data: bytes) -> bytes:
        """Return all of these bytes, masked."""
        return self._pass_on(data, is_all=True)

    def _pass_on(self, data: bytes, *, is_all: bool) -> bytes:
        if self._masker.is_idle:
            return data
        data = self._held + data
        out, done, start = [], self._covered, 0
        while found := self._masker.next_place(data, start, is_all=is_all):
            place, length = found
            if length == 0:
                break
            end = place + length
            if place >= done:
                out += [data[done:place], _veil(data[place:end])]
            elif end > done:  # one secret runs into another
                out.append(_veil(data[done:end])[len(_MASK_BYTES) :])
            done, start = max(done, end), place + 1
        hold = found[0] if found else len(data)
        if hold > done:
            out.append(data[done:hold])
        self._held, self._covered = data[hold:], max(done - hold, 0)
        return b"".join(out)


@lru_cache(maxsize=32)
def masker_for(secrets: tuple[str, ...]) -> Masker:
    """Return what masks these secrets; it is made once for all who ask for the same."""
    return Masker(secrets)


def forms_of(secret: str) -> frozenset[bytes]:
    """Return the forms of a secret that are masked; none if it is too short."""
    core = secret.strip() if len(secret.strip()) >= SHORTEST else secret
    if len(core) < SHORTEST:
        return frozenset()
    found = {*_written(core), *_base64(core.encode(errors="surrogatepass"))}
    for line in map(str.strip, core.splitlines()):
        if len(line) >= SHORTEST:
            found.update(_written(line))
    return frozenset(found)


def _written(text: str) -> Iterator[bytes]:
    """Yield a text as it is, in JSON and in URLs; hexadecimal digits large and small."""
    escaped = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    escaped |= {form.replace("/", "\\/") for form in escaped}
    escaped |= {form.translate(_FOR_HTML) for form in escaped}
    raw = text.encode(errors="surrogatepass")
    encoded = {quote(raw, safe=safe) for safe in ("", "/", "!'()*")} | {quote_plus(raw)}
    for form in (text, *escaped, *encoded):
        yield form.encode(errors="surrogatepass")
    for form in escaped | encoded:
        yield _HEX.sub(_other_case, form).encode(errors="surrogatepass")


def _other_case(match: re.Match[str]) -> str:
    found = match[0]
    return found.lower() if found.startswith("%") else "\\u" + found[2:].upper()


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield base64 of bytes at each place they can have in groups of three (RFC 4648).

    What stands beside them decides over the characters at the edges: these are left out, but for
    the last one if nothing follows.
    """
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            full = encode(bytes(before) + raw)
            first = -(-8 * before // 6)
            last = 8 * (before + len(raw)) // 6
            yield full[first:last]
            yield full[first:].rstrip(b"=")
            yield full[first:]


def _look(prefixes: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return what finds any of these beginnings."""
    by_first = defaultdict(list)
    for prefix in prefixes:
        by_first[prefix[:1]].append(re.escape(prefix[1:]))
    branches = [re.escape(f) + b"(?:" + b"|".join(rest) + b")" for f, rest in by_first.items()]
    return re.compile(b"|".join(branches) or b"(?!)")


def _veil(data: bytes) -> bytes:
    """Return what stands for bytes that are masked: lines stay lines, for they have numbers."""
    _, *others = data.split(b"\n")
    return b"\n".join([_MASK_BYTES, *(_MASK_BYTES if line else b"" for line in others)])


#: For work that knows no secret.
NOTHING: Final = Masker(())
