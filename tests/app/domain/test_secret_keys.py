"""A key is 32 random bytes in base64; all else is refused with how to make one."""

import base64

import pytest

from app.domain.secret_keys import key_text, new_key, read_key


def test_a_key_is_read_as_it_is_written_in_either_alphabet():
    for _ in range(100):
        key = new_key()
        text = key_text(key)
        assert read_key(text) == key
        assert read_key(text.rstrip("=").replace("+", "-").replace("/", "_")) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "changeme",
        "not base64 at all!",
        base64.b64encode(bytes(31)).decode(),
        base64.b64encode(bytes(32)).decode(),
        base64.b64encode(b"changeme" * 4).decode(),
        base64.b64encode(b"0123456789abcdefghijklmnopqrstuv").decode(),
    ],
)
def test_what_is_no_random_key_is_refused(text):
    with pytest.raises(ValueError, match="openssl rand -base64 32"):
        read_key(text)
