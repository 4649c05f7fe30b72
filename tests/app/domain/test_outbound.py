"""Which addresses outgoing requests may reach."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.outbound import OutboundPolicy, parse_networks

PRIVATE = [
    "127.0.0.1",
    "127.255.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:808:808:0:0:5601:5601",
]


@pytest.mark.parametrize("address", PRIVATE + PUBLIC)
def test_private_loopback_and_public_addresses_may_be_reached(address: str) -> None:
    assert OutboundPolicy().allows(address, 80)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_unspecified_multicast_and_reserved_addresses_may_not(address: str) -> None:
    policy = OutboundPolicy()
    assert not policy.allows(address, 80)
    reason = policy.refusal(address, 80)
    assert reason is not None
    assert reason.startswith(str(ip_address(address)))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:808:808:0:0:80ff:fffe",
    ],
)
def test_the_operator_may_deny_loopback_in_all_its_spellings(address: str) -> None:
    policy = OutboundPolicy(deny=parse_networks("127.0.0.0/8"))
    assert not policy.allows(address, 80)
    assert "operator" in str(policy.refusal(address, 80))
    assert policy.allows("10.0.0.1", 80)


def test_what_the_operator_allows_wins_over_the_products_rule() -> None:
    policy = OutboundPolicy(allow=parse_networks("169.254.10.0/24"))
    assert policy.allows("169.254.10.5", 80)
    assert not policy.allows("169.254.169.254", 80)


def test_all_but_one_network_can_be_denied() -> None:
    policy = OutboundPolicy(
        deny=parse_networks("0.0.0.0/0, ::/0"), allow=parse_networks("10.1.0.0/16")
    )
    assert policy.allows("10.1.2.3", 80)
    assert policy.allows("::ffff:10.1.2.3", 80)
    assert not policy.allows("10.2.2.3", 80)
    assert not policy.allows("8.8.8.8", 80)
    assert not policy.allows("2606:4700::1111", 80)


def test_one_address_of_an_allowed_network_can_be_denied() -> None:
    policy = OutboundPolicy(
        deny=parse_networks("10.1.2.3"), allow=parse_networks("10.0.0.0/8,10.1.2.3")
    )
    assert not policy.allows("10.1.2.3", 80)
    assert policy.allows("10.1.2.4", 80)


@pytest.mark.parametrize("own", ["127.0.0.1", "localhost", "LOCALHOST.", "::1", "[::1]"])
def test_the_products_broker_can_not_be_allowed_nor_reached_by_another_loopback(own: str) -> None:
    policy = OutboundPolicy(allow=parse_networks("127.0.0.0/8,::1"), own=((own, 6379),))
    for address in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"):
        assert not policy.allows(address, 6379)
        assert policy.allows(address, 80)
    assert policy.allows("10.0.0.1", 6379)


def test_the_products_broker_is_known_by_name() -> None:
    policy = OutboundPolicy(own=(("Redis.internal", 6379), ("10.0.0.9", 6379)))
    assert policy.owns("redis.internal.", 6379)
    assert not policy.owns("redis.internal", 80)
    assert not policy.owns("other.internal", 6379)
    assert "part of this product" in str(policy.refusal("10.0.0.9", 6379))


def test_a_list_of_networks_is_read() -> None:
    assert parse_networks(" 10.0.0.0/8, ::1 ,,192.168.1.1") == (
        ip_network("10.0.0.0/8"),
        ip_network("::1/128"),
        ip_network("192.168.1.1/32"),
    )
    assert parse_networks(" ") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.1/8", "'10.0.0.1/8' has bits set beyond its length"),
        ("localhost", "'localhost' is neither an IP address nor a network"),
        ("10.0.0.0/8;::1", "is neither"),
        ("10.0.0.0/33", "is neither"),
    ],
)
def test_a_list_that_can_not_be_read_says_which_entry(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_networks(f"::1,{text}")


@given(st.ip_addresses(v=4))
def test_an_address_means_the_same_inside_ipv6(address: IPv4Address) -> None:
    policy = OutboundPolicy()
    allowed = policy.allows(address, 80)
    number = int(address)
    assert policy.allows(IPv6Address((0xFFFF << 32) | number), 80) == allowed
    assert policy.allows(IPv6Address((0x64FF9B << 96) | number), 80) == allowed
    assert policy.allows(IPv6Address((0x2002 << 112) | (number << 80)), 80) == allowed


@given(st.ip_addresses(), st.integers(1, 65535))
def test_allowing_an_address_is_always_possible_and_denying_it_too(
    address: IPv4Address | IPv6Address, port: int
) -> None:
    networks = parse_networks(str(address)) + parse_networks("0.0.0.0/0,::/0")
    assert OutboundPolicy(allow=networks).allows(address, port)
    assert not OutboundPolicy(deny=networks).allows(address, port)
    assert not OutboundPolicy(allow=networks, own=((str(address), port),)).allows(address, port)
