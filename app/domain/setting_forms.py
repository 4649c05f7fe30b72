"""The forms of settings: how their texts are read."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from app.domain.containers import parse_allowed
from app.domain.outbound import Network, parse_networks


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("is no IANA time zone, such as Europe/Berlin") from error
    return value


def _names(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _allowed(value: object) -> object:
    return parse_allowed(value) if isinstance(value, str) else value


def _networks(value: object) -> object:
    return parse_networks(value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Allowed = Annotated[tuple[str, ...], BeforeValidator(_allowed)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
Zone = Annotated[str, BeforeValidator(_zone)]
Level = Annotated[Literal["debug", "info", "warn", "error"], BeforeValidator(str.lower)]
