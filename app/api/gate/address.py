"""Where a request came from: what proxies say counts only if we trust them."""

import functools
import ipaddress
from typing import Final

from flask import current_app, request

from app.domain.errors import Forbidden
from app.domain.outbound import Network
from app.services.access import Principal
from app.settings import Settings

#: Nobody stands behind more proxies than this.
_MOST: Final = 20


def client_address() -> str:
    """Return the address of whoever asks.

    Of ``X-Forwarded-For`` it is the last one that no proxy of ours has: what stands before it
    anybody could have written. Without TRUSTED_PROXIES the header is not read at all.
    """
    settings: Settings = current_app.config["SETTINGS"]
    peer = _clean(request.remote_addr or "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")[-_MOST:]
    while hops and _is_in(peer, settings.trusted_proxies):
        hop = _clean(hops.pop())
        if not hop:
            break
        peer = hop
    return peer


def is_elsewhere(who: Principal) -> bool:
    """Return whether somebody asks with a key that may not be used from here."""
    return not may_be_used_from(who, client_address())


def may_be_used_from(who: Principal, address: str) -> bool:
    """Return whether what somebody has shown may be used from an address."""
    return not who.networks or _is_in(address, who.networks)


def refuse_elsewhere(who: Principal) -> None:
    """Raise :class:`Forbidden` for a key that may not be used from here."""
    if is_elsewhere(who):
        details = {"reason": "address_not_allowed", "address": client_address()}
        raise Forbidden("this key may not be used from this address", details)


def came_by_tls() -> bool:
    """Return whether the request was encrypted on its way, up to us or to a proxy we trust."""
    if request.is_secure:
        return True
    settings: Settings = current_app.config["SETTINGS"]
    says = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
    return says == "https" and _is_in(_clean(request.remote_addr or ""), settings.trusted_proxies)


@functools.lru_cache(1024)
def _clean(text: str) -> str:
    """Return an address without port and brackets; nothing if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    return bool(address) and any(ipaddress.ip_address(address) in network for network in networks)
