"""Signatures of messages between programs: Standard Webhooks, and the older ``sha256=`` scheme.

Both are HMAC-SHA256 over the bytes as they are sent. What checks a signature compares in constant
time and answers; it never raises, whatever a stranger has sent.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Iterable
from typing import Final, Literal

PREFIX: Final = "whsec_"
_RANDOM_BYTES: Final = 32
#: A message may be so much older or newer than the clock that checks it, in seconds.
TOLERANCE_SECONDS: Final = 300
#: More signatures than this in one header are not looked at.
_MOST_ENTRIES: Final = 50
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
#: Without a full stop: it parts the id from the timestamp in what is signed.
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")

Verdict = Literal["valid", "invalid", "timestamp_out_of_tolerance"]


def new_secret() -> str:
    """Return a fresh secret; 256 of its bits are random."""
    return PREFIX + base64.b64encode(random.token_bytes(_RANDOM_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: after ``whsec_`` base64, else the text itself.

    Raises :class:`ValueError` if it stands for none.
    """
    if not secret.startswith(PREFIX):
        key = secret.encode()
    else:
        text = secret.removeprefix(PREFIX).rstrip("=")
        try:
            key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"must be base64 after {PREFIX}") from None
    if not key:
        raise ValueError("must not be empty")
    return key


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return an entry of the header ``webhook-signature`` (Standard Webhooks 1.0.0)."""
    return "v1," + base64.b64encode(_mac(key_of(secret), message_id, timestamp, body)).decode()


def verify(
    secrets: Iterable[str],
    headers: tuple[str, str, str],
    body: bytes,
    moment: float,
    tolerance: float = TOLERANCE_SECONDS,
) -> Verdict:
    """Return what a message's headers (id, timestamp, signature) are worth at this moment.

    ``moment`` is in seconds since 1970. Any of the secrets may have been used.
    """
    message_id, timestamp, signature = headers
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        return "invalid"
    given = [entry[3:] for entry in signature.split(" ", _MOST_ENTRIES) if entry[:3] == "v1,"]
    wanted = [_mac(key, message_id, int(timestamp), body) for key in _keys(secrets)]
    found = [hmac.compare_digest(_decoded(entry), mac) for entry in given for mac in wanted]
    if not any(found):
        return "invalid"
    return "valid" if abs(moment - int(timestamp)) <= tolerance else "timestamp_out_of_tolerance"


def sign_body(secret: str, body: bytes) -> str:
    """Return the value of ``X-OneOff-Signature``; the key is the text of the secret."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify_body(secret: str, body: bytes, signature: str) -> bool:
    """Return whether a signature of the body alone is right.

    It may be written as ``sha256=`` with hexadecimal digits, as the digits alone, or in base64.
    """
    if not secret:
        return False
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    text = signature.strip().encode(errors="replace")
    forms = (b"sha256=" + mac.hex().encode(), mac.hex().encode(), base64.b64encode(mac))
    found = [hmac.compare_digest(text, form) for form in forms]  # all: it takes the same time
    return any(found)


def signed_text(message_id: str, timestamp: int, body: bytes) -> bytes:
    """Return the bytes that are signed, whatever the scheme."""
    return f"{message_id}.{timestamp}.".encode() + body


def _mac(key: bytes, message_id: str, timestamp: int, body: bytes) -> bytes:
    return hmac.new(key, signed_text(message_id, timestamp, body), hashlib.sha256).digest()


def _keys(secrets: Iterable[str]) -> list[bytes]:
    keys = []
    for secret in secrets:
        try:
            keys.append(key_of(secret))
        except ValueError:
            continue
    return keys


def _decoded(entry: str) -> bytes:
    try:
        return base64.b64decode(entry, validate=True)
    except (binascii.Error, ValueError):
        return b""
