"""Reading the URL of an outgoing request."""

import ipaddress
import string
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.outbound import OutboundPolicy, parse_networks
from app.domain.web_address import MAX_URL_LENGTH, check_url

LOOPBACK = [
    "http://127.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://017700000001",
    "http://0x7f000001",
    "http://0x7f.1",
    "http://0X7F.1",
    "http://0177.0.0.1",
    "http://127.0.0.1.",
    "http://\uff11\uff12\uff17.0.0.1",
    "http://127。0。0。1",
    "http://127\uff0e0\uff0e0\uff0e1:\uff18\uff10",
    "http://[::1]",
    "http://[0:0:0:0:0:0:0:1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]",
    "http://[64:ff9b::7f00:1]",
]


@pytest.mark.parametrize("url", LOOPBACK)
def test_every_spelling_of_loopback_is_understood(url: str) -> None:
    address = check_url(url)
    assert address.address is not None
    assert address.refusal(OutboundPolicy()) is None
    denying = OutboundPolicy(deny=parse_networks("127.0.0.0/8, ::1"))
    assert "operator" in str(address.refusal(denying))


@pytest.mark.parametrize(
    "url",
    [
        "http://0.0.0.0",
        "http://0",
        "http://[::]",
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fe80::1]",
        "http://224.0.0.1",
        "http://240.0.0.1",
        "http://255.255.255.255",
    ],
)
def test_a_literal_that_must_not_be_reached_is_known_before_anything_runs(url: str) -> None:
    assert check_url(url).refusal(OutboundPolicy()) is not None


@pytest.mark.parametrize(
    "host",
    ["[fd00::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1"],
)
def test_private_literals_may_be_reached(host: str) -> None:
    assert check_url(f"http://{host}").refusal(OutboundPolicy()) is None


def test_a_name_is_judged_when_it_is_resolved_except_the_products_own() -> None:
    policy = OutboundPolicy(own=(("redis.internal", 6379),))
    assert check_url("http://localhost.").refusal(policy) is None
    assert check_url("http://redis.internal").refusal(policy) is None
    assert "part of this product" in str(check_url("http://REDIS.internal:6379").refusal(policy))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "must begin with http"),
        ("gopher://host/", "must begin with http"),
        ("ftp://host/", "must begin with http"),
        ("unix:/run/docker.sock", "must begin with http"),
        ("http+unix://%2Frun%2Fdocker.sock/x", "must begin with http"),
        ("javascript:alert(1)", "must begin with http"),
        ("//host/x", "must begin with http"),
        ("example.com", "must begin with http"),
        ("", "must begin with http"),
        ("http:/x", "no host"),
        ("http://", "no host"),
        ("http:///x", "no host"),
        ("http://a@127.0.0.1", "user name"),
        ("http://user:pass@host/", "user name"),
        ("http://@host/", "user name"),
        ("http://good.test#@127.0.0.1", "@ after #"),
        ("http://good.test\\@127.0.0.1", "backslash"),
        ("http://host:0", "port"),
        ("http://host:70000", "port"),
        ("http://host:port", "host or port"),
        ("http://host:-1", "host or port"),
        ("http://host:\u0663", "host or port"),
        ("http://[::1", "not written properly"),
        ("http://[::1]x", "not written properly"),
        ("http://[example.test]", "not written properly"),
        ("http://[127.0.0.1]", "not written properly"),
        ("http://[1:2:3]", "not written properly"),
        ("http://[fe80::1%25eth0]", "not written properly"),
        ("http://ho st/", "spaces"),
        (" http://host/", "spaces"),
        ("http://host/\n", "line ends"),
        ("http://host/\tx", "spaces"),
        ("http://host/\x00", "invisible"),
        ("http://host/\r\nX: y", "line ends"),
        ("http://ho\u200bst/", "invisible"),
        ("http://host/\u202e", "invisible"),
        ("http://host/\ud800", "invisible"),
        ("http://host/" + "x" * MAX_URL_LENGTH, "longer than 8192"),
        ("http://1.2.3.4.5", "IPv4"),
        ("http://256.0.0.1", "IPv4"),
        ("http://1.2.3.256", "IPv4"),
        ("http://08.0.0.1", "IPv4"),
        ("http://0x.1", "IPv4"),
        ("http://4294967296", "IPv4"),
        ("http://example.0x1g.1", "IPv4"),
        ("http://a..b", "valid name"),
        ("http://.", "valid name"),
        ("http://-a.test", "valid name"),
        ("http://%31%32%37.0.0.x", "valid name"),
        ("http://" + "a" * 64 + ".test", "valid name"),
        ("http://" + "a." * 127 + "test", "valid name"),
        ("http://ho,st", "valid name"),
        ("http://p\u0430ypal.test", "mixes scripts"),
        ("http://日本\u0430.test", "mixes scripts"),
        ("http://stra\u00dfe.test", "ASCII form"),
        ("http://ä" + "ö" * 70 + ".test", "valid name"),
        ("http://a\uff0fb.test", "not written properly"),
    ],
)
def test_a_url_that_programs_read_differently_is_refused_with_a_sentence(
    url: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        check_url(url)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c"),
        ("http://example.com:443", "http://example.com:443/"),
        ("http://example.com:/x", "http://example.com/x"),
        ("http://example.com?q", "http://example.com/?q"),
        ("http://a_b.test./x", "http://a_b.test/x"),
        ("http://bücher.test/ä", "http://xn--bcher-kva.test/ä"),
        ("http://日本語テスト.test", "http://xn--zckzah670ud97aunb.test/"),
        ("http://[FD00::1]:8080/x", "http://[fd00::1]:8080/x"),
        ("http://127.1:8080/a@b", "http://127.0.0.1:8080/a@b"),
    ],
)
def test_a_url_has_one_plain_spelling(url: str, plain: str) -> None:
    if "日" in url:
        assert check_url(url).host.startswith("xn--")
    else:
        assert check_url(url).url == plain


def test_the_origin_holds_neither_path_nor_query() -> None:
    assert check_url("https://h.test:8443/hooks/secret?token=1").origin == "https://h.test:8443"


@given(st.ip_addresses(v=4), st.sampled_from(["%d", "0x%x", "0%o"]))
def test_an_address_written_as_one_number_is_that_address(address: IPv4Address, form: str) -> None:
    assert check_url(f"http://{form % int(address)}/").address == address


@given(st.ip_addresses())
def test_an_address_is_read_back(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    assert check_url(f"http://{host}:81/").address == address


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://h/{text}"):
        try:
            address = check_url(url)
        except ValueError:
            continue
        assert address.host.isascii()
        assert address.authority.isascii()
        assert 1 <= address.port <= 65535


@given(st.text(string.ascii_lowercase + "0123456789.:@[]\\/#?x-", max_size=40))
def test_the_plain_spelling_means_the_same(text: str) -> None:
    try:
        address = check_url(f"http://{text}")
    except ValueError:
        return
    assert check_url(address.url) == address
