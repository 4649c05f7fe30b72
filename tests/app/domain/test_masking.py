"""Secrets taken out of texts, in all forms that are promised, wherever the text is cut."""

import base64
import itertools
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.masking import MASK, Masker, forms_of, masker_for

SECRET = 'pä/ss w+rd&"<x>\\~9'
PEM = (
    "-----BEGIN PRIVATE KEY-----\nMIIBVQIBADANBgkq/hkiG9w0BAQ\nEFAASC+AT8wggE7\nab\n"
    "-----END PRIVATE KEY-----\n"
)

#: Few different letters, so that secrets run into each other and begin like each other.
secrets = st.lists(st.text("ab\n%+", min_size=4, max_size=9), min_size=1, max_size=4)
#: Pieces of a text; most of them are secrets or parts of some.
texts = st.lists(st.text("abc\n%+2= ", max_size=12), max_size=8)
#: Secrets that no other form of them can hold, beside texts that hold nothing of them.
plain = st.lists(st.text("abcdXYZ0189", min_size=4, max_size=40), min_size=1, max_size=5)


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    """Return bytes cut at some places."""
    places = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return [raw[a:b] for a, b in itertools.pairwise(places)]


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        re.sub("%..", lambda hexadecimal: hexadecimal[0].lower(), quote(SECRET, safe="")),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_each_form_is_masked_and_nothing_beside_it(form: str) -> None:
    assert Masker([SECRET]).text(f"<{form}> stays") == f"<{MASK}> stays"


@pytest.mark.parametrize("user", ["", "u", "us", "use", "name"])
@pytest.mark.parametrize("after", ["", ":", "::", ":::"])
def test_base64_of_something_longer_tells_nothing_of_the_secret(user: str, after: str) -> None:
    secret = "correct horse battery"
    whole = base64.b64encode(f"{user}:{secret}{after}".encode()).decode()
    masked = Masker([secret]).text(f"Authorization: Basic {whole}\n")
    assert masked.startswith("Authorization: Basic ")
    assert MASK in masked
    left = masked.removeprefix("Authorization: Basic ").replace(MASK, "").strip()
    assert len(left) <= len(whole) - (len(secret) * 8 // 6 - 2)


def test_each_line_of_a_secret_is_masked_and_lines_stay_lines() -> None:
    masker = Masker([PEM])
    assert masker.text(f"key:\n{PEM}end") == f"key:\n{MASK}\n{MASK}\n{MASK}\n{MASK}\n{MASK}\nend"
    one = PEM.splitlines()[1]
    assert masker.text(f"  {one}\r\n") == f"  {MASK}\r\n"
    assert masker.text(json.dumps({"key": PEM})) == json.dumps({"key": MASK + "\n"})
    assert masker.text(quote(one, safe="")) == MASK


def test_line_ends_do_not_hide_a_secret() -> None:
    assert PEM.splitlines()[2] not in Masker([PEM.replace("\n", "\r\n")]).text(PEM)
    assert Masker(["hunter22\n"]).text("it is hunter22.") == f"it is {MASK}."
    assert Masker(["hunter22\n"]).text("aHVudGVyMjI=") == MASK


def test_short_secrets_are_not_masked() -> None:
    masker = Masker(["abc", "", "\n"])
    assert masker.is_idle
    assert masker.text("abc") == "abc"
    assert not forms_of("abc")
    assert forms_of("    ") >= {b"    "}


def test_secrets_that_overlap_are_one_gap() -> None:
    assert Masker(["abcdefgh", "ghijkl"]).text("abcdefghijklm") == f"{MASK}m"
    assert Masker(["abcd", "abcdefgh"]).text("abcdefgh abcdefg") == f"{MASK} {MASK}efg"


def test_what_can_not_begin_a_secret_is_passed_on_at_once() -> None:
    stream = Masker(["hunter22"]).stream()
    assert stream.feed(b"50 %\rthe ") == b"50 %\rthe "
    assert stream.feed(b"key is hun") == b"key is "
    assert stream.feed(b"ger") == b"hunger"
    assert stream.feed(b" hunter2") == b" "
    assert stream.feed(b"2!") == b"***!"
    assert stream.feed(b"hunt") == b""
    assert stream.end() == b"hunt"
    assert stream.end() == b""


@pytest.mark.parametrize("end", ["…", "...", "… and more", ""])
def test_of_a_text_that_was_shortened_parts_of_a_secret_are_masked(end: str) -> None:
    secret = "correct horse battery"
    masker = Masker([secret, "hunter22"])
    assert masker.excerpt(f"bad: {secret[:12]}{end}") == f"bad: {MASK}{end}"
    assert masker.excerpt(f"bad: {secret} {secret[:8]}{end}") == f"bad: {MASK} {MASK}{end}"
    assert masker.excerpt(f"a correct {end}") == f"a {MASK}{end}"
    assert masker.excerpt("a correct horse ran") == "a correct horse ran"
    assert masker.excerpt("a corr") == "a corr"
    assert Masker([]).excerpt("a correct") == "a correct"


def test_a_text_that_is_no_unicode_survives() -> None:
    assert Masker(["hunter22"]).text("\ud800 hunter22") == f"\ud800 {MASK}"
    assert Masker(["hunter22"]).stream().feed(b"\xff\x00hunter22\xfe") == b"\xff\x00***\xfe"


def test_the_same_secrets_share_a_masker() -> None:
    assert masker_for(("hunter22",)) is masker_for(("hunter22",))


@given(secrets, texts, st.lists(st.integers(0, 200)), st.data())
def test_where_a_stream_is_cut_changes_nothing(
    found: list[str], words: list[str], cuts: list[int], data: st.DataObject
) -> None:
    hidden = data.draw(st.lists(st.sampled_from([*found, *words, "x"]), max_size=8))
    raw = "".join([*hidden, *words]).encode()
    masker = Masker(found)
    stream = masker.stream()
    longest = max((len(form) for secret in found for form in forms_of(secret)), default=0)
    out, taken = b"", 0
    for piece in pieces(raw, cuts):
        out += stream.feed(piece)
        taken += len(piece)
        assert len(stream._held) < max(longest, 1)
    assert out + stream.end() == masker.text(raw.decode()).encode()


@given(secrets, texts, st.data())
def test_no_form_of_a_secret_survives(
    found: list[str], words: list[str], data: st.DataObject
) -> None:
    forms = sorted(form for secret in found for form in forms_of(secret))
    hidden = data.draw(st.lists(st.sampled_from([*forms, b"x"]), max_size=8)) if forms else []
    raw = b"".join([*hidden, *(word.encode() for word in words)])
    masked = Masker(found).text(raw.decode())
    for form in forms:
        assert form not in masked.encode()


@given(plain, st.lists(st.text("xyz \n+=%&äß", max_size=10), max_size=8))
def test_nothing_else_is_changed(found: list[str], words: list[str]) -> None:
    masker = Masker(found)
    text = "".join(words)
    assert masker.text(text) == text
    for secret in found:
        assert masker.text(f"{text}|{secret}|{text}") == f"{text}|{MASK}|{text}"


@given(texts, secrets)
def test_lines_keep_their_number(words: list[str], found: list[str]) -> None:
    text = "".join([*found, *words, *found])
    assert Masker(found).text(text).count("\n") == text.count("\n")
