"""What is encrypted can be read with its key, in its place, and not otherwise."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateways.cipher import Cipher, KeyMissing, key_id

ONE, OTHER = bytes(range(32, 64)), bytes(range(100, 132))


@given(st.text(), st.text())
def test_what_is_encrypted_is_read_in_its_context_alone(text, context):
    stored = Cipher([ONE]).encrypt(text, context)
    assert Cipher([ONE]).decrypt(stored, context) == text
    with pytest.raises(KeyMissing):
        Cipher([ONE]).decrypt(stored, context + "x")


def test_the_same_text_is_never_stored_alike():
    cipher = Cipher([ONE])
    assert len({cipher.encrypt("text", "") for _ in range(100)}) == 100


def test_a_key_of_before_still_reads_and_no_longer_writes():
    stored = Cipher([ONE]).encrypt("text", "")
    both = Cipher([OTHER, ONE])
    assert both.decrypt(stored, "") == "text"
    assert not both.is_newest(stored)
    assert both.is_newest(both.encrypt("text", ""))
    with pytest.raises(KeyMissing, match=key_id(ONE)):
        Cipher([OTHER]).decrypt(stored, "")


@pytest.mark.parametrize("stored", ["", "text", "v1:", "v2:a:b", f"v1:{key_id(ONE)}:%%", "v1::::"])
def test_what_was_never_encrypted_is_not_taken_for_text(stored):
    with pytest.raises(KeyMissing):
        Cipher([ONE]).decrypt(stored, "")


def test_a_changed_byte_is_noticed():
    form, name, body = Cipher([ONE]).encrypt("text", "").split(":")
    raw = bytearray(base64.b64decode(body))
    for place in range(len(raw)):
        raw[place] ^= 1
        with pytest.raises(KeyMissing):
            Cipher([ONE]).decrypt(f"{form}:{name}:{base64.b64encode(raw).decode()}", "")
        raw[place] ^= 1


def test_derived_secrets_differ_by_purpose_and_key():
    made = {Cipher([key]).derive(purpose) for key in (ONE, OTHER) for purpose in ("a", "b")}
    assert len(made) == 4
    assert {len(secret) for secret in made} == {32}
