"""Types of settings that are written as text and mean something richer."""

import re
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field

from app.domain.containers import parse_allowed
from app.domain.mail.addresses import clean_address, clean_addresses
from app.domain.outbound import Network, parse_networks
from app.domain.people.identity import RoleMap, clean_base, clean_issuer, parse_role_map
from app.domain.programs import parse_packages
from app.domain.schedules.zones import check_zone
from app.domain.secret_keys import read_key
from app.domain.web_address import check_url


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _names(value: object) -> object:
    return _split(value) if isinstance(value, str) else value


def _allowed(value: object) -> object:
    return parse_allowed(value) if isinstance(value, str) else value


def _networks(value: object) -> object:
    return parse_networks(value) if isinstance(value, str) else value


def _packages(value: object) -> object:
    return parse_packages(value) if isinstance(value, str) else value


def _key(value: object) -> object:
    return read_key(value) if isinstance(value, str) else value


def _keys(value: object) -> object:
    return tuple(map(read_key, _split(value))) if isinstance(value, str) else value


def _addresses(value: object) -> object:
    return clean_addresses(value) if isinstance(value, str | list) else value


def _address(value: str) -> str:
    return clean_address(value) if value else value


def _one_line(value: str) -> str:
    if len(value) > 1000 or not value.isprintable():
        raise ValueError("must be at most 1000 characters in one line")
    return value


def _server(value: str) -> str:
    if value and (len(value) > 253 or not re.fullmatch(r"[\w.:%-]+", value)):
        raise ValueError("must be the name or address of a server, such as mail.example.com")
    return value


def _role_map(value: object) -> object:
    return parse_role_map(value) if isinstance(value, str) else value


def _issuer(value: str) -> str:
    return clean_issuer(value) if value else value


def _base(value: str) -> str:
    return clean_base(value) if value else value


_TRACE_ID = "{trace_id}"
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([\x20-\x7e]*)")


def _web_url(value: str) -> str:
    if value:
        check_url(value)
    return value


def _trace_url(value: str) -> str:
    if value and _TRACE_ID not in value:
        raise ValueError(
            f"must hold {_TRACE_ID}, such as https://jaeger.example.com/trace/{_TRACE_ID}"
        )
    if value:
        check_url(value.replace(_TRACE_ID, "0" * 32))
    return value


def _headers(value: object) -> object:
    return tuple(map(_header, _split(value))) if isinstance(value, str) else value


def _header(text: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(text)
    if found is None:
        raise ValueError("must be name=value; several are parted by commas")
    return found[1], unquote(found[2].strip())


#: Encryption keys; shown nowhere, also not where a whole object of settings is printed.
Key = Annotated[bytes, BeforeValidator(_key), Field(repr=False)]
Keys = Annotated[tuple[bytes, ...], BeforeValidator(_keys), Field(repr=False)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Allowed = Annotated[tuple[str, ...], BeforeValidator(_allowed)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
Packages = Annotated[tuple[str, ...], BeforeValidator(_packages)]
Issuer = Annotated[str, AfterValidator(_issuer)]
PublicUrl = Annotated[str, AfterValidator(_base)]
Roles = Annotated[RoleMap, BeforeValidator(_role_map)]
Zone = Annotated[str, AfterValidator(check_zone)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
#: A whole web address, or none.
WebUrl = Annotated[str, AfterValidator(_web_url)]
TraceUrl = Annotated[str, AfterValidator(_trace_url)]
#: Headers as OpenTelemetry writes them, with values as in URLs.
Headers = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_headers)]
#: One address, or none.
MailAddress = Annotated[str, AfterValidator(_address)]
OneLine = Annotated[str, AfterValidator(_one_line)]
ServerName = Annotated[str, AfterValidator(_server)]
Level = Annotated[Literal["debug", "info", "warn", "error"], BeforeValidator(str.lower)]


def driver_named(url: str) -> str:
    """Return the address of a database with the driver that we use for it."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url
