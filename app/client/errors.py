"""What can go wrong when a server is asked."""

from collections.abc import Iterator
from typing import Any

from app.domain.errors import Fault


class ClientError(Exception):
    """The server was asked in vain."""


class Unreachable(ClientError):
    """Nothing answers at the address, or not in time."""


class Unreadable(ClientError):
    """Something answers, but not as OneOff does."""


class Refused(ClientError):
    """The server refused: ``status``, ``code``, ``message``, ``details``, ``trace_id`` say why."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", ""))
        self.message = str(body["error"])
        self.details: Any = body.get("details")
        self.trace_id = str(body.get("trace_id") or "")
        super().__init__(self.message)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong in the input, one by one; empty if the refusal is not about that."""
        return tuple(_faults(self.details))


class Invalid(Refused):
    """The input is not valid; ``faults`` lists what is wrong."""


class Unauthenticated(Refused):
    """The server wants an API key, or does not know this one."""


class Forbidden(Refused):
    """This caller may not do this."""


class NotFound(Refused):
    """There is no such thing."""


class Conflict(Refused):
    """The present state does not allow this."""


class RateLimited(Refused):
    """Too many requests."""


class Unavailable(Refused):
    """A part of the product can't be reached at present."""


_KINDS: dict[int, type[Refused]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    503: Unavailable,
}


def refusal(status: int, body: dict[str, Any]) -> Refused:
    """Return the error that an answer of the server means."""
    return _KINDS.get(status, Refused)(status, body)


def _faults(details: Any) -> Iterator[Fault]:
    for fault in details if isinstance(details, list) else ():
        if isinstance(fault, dict) and "message" in fault:
            yield Fault(str(fault.get("field", "")), str(fault["message"]), fault.get("value"))
