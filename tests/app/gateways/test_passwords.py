"""A password is read whole, however it is composed, and never stored."""

import pytest

from app.gateways import passwords


@pytest.mark.parametrize("password", ["a" * 128, " leading blank", "p\0q" * 4, "Zoë ✓ 🔑 pass"])
def test_a_password_is_read_whole(password):
    stored = passwords.hash_of(password)
    assert passwords.is_right(password, stored)
    for other in (password[:-1], password + " ", password.strip() + "x", password[:2]):
        assert not passwords.is_right(other, stored)
    assert password not in stored


def test_composed_and_decomposed_letters_are_the_same():
    assert passwords.is_right("Zoe\u0308 1234", passwords.hash_of("Zo\u00eb 1234"))


def test_one_password_is_never_stored_alike_and_its_cost_is_twelve():
    one, other = passwords.hash_of("password"), passwords.hash_of("password")
    assert one != other
    assert one.startswith("$2b$12$")


def test_where_nothing_is_stored_nothing_is_right():
    assert not passwords.is_right("", None)
    assert not passwords.is_right("password", None)
