"""What must stay secret in the database: AES-256-GCM, with the id of its key beside it.

The stored form is ``v1:KEY:TEXT``: the id of the key, and nonce and ciphertext in base64. Each
text is bound to a context, such as ``webhook:ID``: moved to another row it can't be read.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
_FORM: Final = "v1"
_STORED: Final = re.compile(r"v1:([0-9a-f]{8}):[A-Za-z0-9+/]+=*")
_NONCE_BYTES: Final = 12  # NIST SP 800-38D, section 8.2.2: random, 96 bits


class KeyMissing(Exception):
    """A text was encrypted with a key that this process was not given, or it was tampered with."""


class Cipher:
    """The keys of an installation: the first encrypts, all decrypt."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {key_id(key): AESGCM(key) for key in keys}
        self._first = next(iter(self._keys))
        self._root = keys[0]

    def encrypt(self, text: str, context: str) -> str:
        """Return the stored form of a text."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._first].encrypt(nonce, text.encode(), context.encode())
        return f"{_FORM}:{self._first}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, context: str) -> str:
        """Return the text of a stored form. Raises :class:`KeyMissing`."""
        form, _, rest = stored.partition(":")
        named, _, body = rest.partition(":")
        if form != _FORM or named not in self._keys:
            raise KeyMissing(f"the encryption key {named[:16]!r} is not here")
        try:
            raw = base64.b64decode(body, validate=True)
            opened = self._keys[named].decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, binascii.Error, ValueError):
            raise KeyMissing("an encrypted value was changed or moved") from None
        return opened.decode()

    def is_newest(self, stored: str) -> bool:
        """Return whether a stored form was made with the key that encrypts today."""
        return stored.startswith(f"{_FORM}:{self._first}:")

    @property
    def newest(self) -> str:
        """Return the id of the key that encrypts today."""
        return self._first

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return the ids of all keys, the one that encrypts today first."""
        return tuple(self._keys)

    def derive(self, purpose: str) -> bytes:
        """Return a secret of 32 bytes for one purpose (HKDF, RFC 5869)."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._root)


def key_id(key: bytes) -> str:
    """Return what names a key without telling anything of it."""
    return hashlib.sha256(b"oneoff key id" + key).hexdigest()[:8]


def key_named(stored: str) -> str | None:
    """Return the id of the key that a stored form was made with; ``None``: it is no such form."""
    found = _STORED.fullmatch(stored)
    return found[1] if found else None


_cipher: Cipher | None = None


def configure(keys: Sequence[bytes]) -> None:
    """Give this process its keys, the one that encrypts first."""
    global _cipher  # noqa: PLW0603 - fixed at the start of the process
    _cipher = Cipher(keys)


def current() -> Cipher:
    """Return the cipher of this process. It never runs without one."""
    if _cipher is None:
        raise RuntimeError("this process was given no encryption key")
    return _cipher
