"""Asking the product on this machine how it is; nothing of its code is loaded for that."""

import http.client
import json
from typing import Any

from app.settings import Settings


def address(settings: Settings) -> str:
    """Return the address of the product for people."""
    host = _own_host(settings)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def ask(settings: Settings, path: str, seconds: float = 5) -> dict[str, Any]:
    """Return the JSON answer of the running product. Raises ``OSError`` if it does not answer."""
    connection = http.client.HTTPConnection(_own_host(settings), settings.port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def _own_host(settings: Settings) -> str:
    """Return the name by which this machine itself reaches the API."""
    return "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
