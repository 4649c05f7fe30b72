"""What is taken as an address of e-mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.mail.addresses import MOST, clean_address, clean_addresses


@pytest.mark.parametrize(
    ("given_as", "stored"),
    [
        ("ann@example.com", "ann@example.com"),
        ("  ann@Example.COM ", "ann@example.com"),
        ("Ann.Lee+jobs@example.com", "Ann.Lee+jobs@example.com"),
        ("ann@exämple.com", "ann@xn--exmple-cua.com"),
        ("o'neil@a-b.example.co.uk", "o'neil@a-b.example.co.uk"),
    ],
)
def test_an_address_is_stored_in_ascii_with_its_domain_in_small_letters(given_as, stored):
    assert clean_address(given_as) == stored


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a@b", "a", "a@", "@b.de", "a@b..de", "a@.de", "a@b.de.", "a.@b.de", ".a@b.de"),
        *("a..b@c.de", "a b@c.de", "a@b c.de", "a@-b.de", "a@b-.de", "a@1.2.3.4", "a@[1.2.3.4]"),
        *("Ann <a@b.de>", '"Ann"@b.de', "a@b.de>", "a(x)@b.de", "a;b@c.de", "a@b.de,c@d.de"),
        *(
            "a\r\nBcc: x@y.de",
            "a@b.de\n",
            "\na@b.de",
            "a@b.de\r\nBcc: x@y.de",
            "a\0@b.de",
            "\ta@b.de",
        ),
        *("é@b.de", "a@b_c.de", "a@b@c.de", "x" * 65 + "@b.de", "x" * 300 + "@b.de"),
        *("a@" + "b" * 64 + ".de", "a@" + "b.c" * 100 + ".de"),
    ],
)
def test_what_is_no_plain_address_is_refused_and_shown(text):
    with pytest.raises(ValueError, match="is no e-mail address"):
        clean_address(text)


@given(st.text(max_size=40) | st.from_regex(r"[a-z.@<>\r\n ,\"]{1,20}@[a-z.\r\n-]{1,20}"))
def test_no_address_holds_what_steers_a_mail(text):
    try:
        address = clean_address(text)
    except ValueError:
        return
    assert address.isascii()
    assert not set(address) & set(' \r\n\0\t<>,;:"()[]\\')
    assert address.count("@") == 1
    assert clean_address(address) == address


def test_a_list_is_a_text_or_a_list_and_holds_each_once_whatever_the_case():
    wanted = ("ann@example.com", "bob@example.com")
    assert clean_addresses("ann@example.com, bob@example.com,ANN@example.com,") == wanted
    assert clean_addresses(["ann@example.com", " bob@example.com"]) == wanted
    assert clean_addresses("") == ()


def test_a_list_names_every_address_that_is_none():
    with pytest.raises(ValueError, match=r"'a@b' is no.*; 'c' is no"):
        clean_addresses("a@b,x@y.de,c")


@pytest.mark.parametrize("given_as", [7, {"a": 1}, [1], None])
def test_what_is_neither_text_nor_list_is_refused(given_as):
    with pytest.raises(ValueError, match="comma-separated"):
        clean_addresses(given_as)


def test_more_than_so_many_are_refused():
    many = [f"a{number}@example.com" for number in range(MOST + 1)]
    assert len(clean_addresses(many[:-1])) == MOST
    with pytest.raises(ValueError, match=f"at most {MOST}"):
        clean_addresses(many)
