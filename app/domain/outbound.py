"""Which addresses outgoing requests may reach."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Never reached unless the operator allows it, with what it is in words.
_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "an unspecified address"),
        ("100.100.100.200/32", "a cloud's metadata service"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "a link-local address, where clouds keep their metadata service"),
        ("192.0.0.192/32", "a cloud's metadata service"),
        ("224.0.0.0/4", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("fd00:ec2::254/128", "a cloud's metadata service"),
        ("fd20:ce::254/128", "a cloud's metadata service"),
        ("fe80::/10", "a link-local address"),
        ("ff00::/8", "a multicast address"),
    )
)

#: IPv6 ranges whose last 32 bits are an IPv4 address that somebody translates to.
_TRANSLATED = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """The operator's lists over the product's own rule.

    The rule: private and loopback addresses may be reached, link-local and metadata addresses,
    unspecified, multicast and reserved ones may not. ``allow`` wins over the rule. Where ``allow``
    and ``deny`` both hold an address, the narrower network wins (``deny`` if they are the same), so
    that "deny all, allow this one" can be written.
    """

    deny: tuple[Network, ...] = ()
    allow: tuple[Network, ...] = ()
    #: Addresses (host, port) never reachable, such as the product's own broker.
    own: tuple[tuple[str, int], ...] = ()
    #: Whether the rule lets private and loopback addresses be reached.
    reaches_private: bool = True

    def allows(self, address: Address | str, port: int) -> bool:
        """Return whether a connection may be made."""
        return self.refusal(address, port) is None

    def refusal(self, address: Address | str, port: int) -> str | None:
        """Return why a connection must not be made, as a sentence; ``None`` if it may be.

        Raises ValueError if ``address`` is text and not an IP address.
        """
        shown = ip_address(address) if isinstance(address, str) else address
        reasons = (self._reason(candidate, port) for candidate in _meanings(shown))
        reason = next((reason for reason in reasons if reason is not None), None)
        return None if reason is None else f"{shown} is {reason}; requests must not go there."

    def owns(self, host: str, port: int) -> bool:
        """Return whether this host, written as a name or an address, is one of ``own``."""
        return any(port == own_port and _bare(host) == _bare(own) for own, own_port in self.own)

    def _reason(self, address: Address, port: int) -> str | None:
        if self.owns(str(address), port):
            return "a part of this product"
        allowed, denied = _width(address, self.allow), _width(address, self.deny)
        if denied >= 0:
            return "on the operator's list of forbidden addresses" if denied >= allowed else None
        if allowed >= 0:
            return None
        is_private = not self.reaches_private and not address.is_global
        return _default_reason(address) or ("a private address" if is_private else None)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read a list of networks and addresses divided by commas, such as ``10.0.0.0/8, ::1``.

    Raises ValueError with a sentence that names the entry that can't be read.
    """
    return tuple(_network(entry.strip()) for entry in text.split(",") if entry.strip())


def _network(entry: str) -> Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        hint = "has bits set beyond its length" if "host bits" in str(error) else "is neither"
        wanted = "" if "bits" in hint else " an IP address nor a network such as 10.0.0.0/8"
        raise ValueError(f"{entry!r} {hint}{wanted}.") from None


def _meanings(address: Address) -> Iterator[Address]:
    """Yield the addresses that a connection to this one may end at: itself, or one inside it."""
    if isinstance(address, IPv4Address):
        yield address
        return
    plain = IPv6Address(int(address))
    if plain.ipv4_mapped is not None:
        yield plain.ipv4_mapped
        return
    yield plain
    yield from _embedded(plain)


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if int(address) > 1 and any(address in network for network in _TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _default_reason(address: Address) -> str | None:
    return next((what for network, what in _REFUSED if address in network), None)


def _width(address: Address, networks: Iterable[Network]) -> int:
    """Return the length of the narrowest network that holds the address, or -1."""
    return max((network.prefixlen for network in networks if address in network), default=-1)


def _bare(host: str) -> str:
    """Return one spelling for all that mean the same; everything of the machine itself is one."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = next(_meanings(ip_address(name)))
    except ValueError:
        return name
    return "localhost" if address.is_loopback or address.is_unspecified else str(address)
