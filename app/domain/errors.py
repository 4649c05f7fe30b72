"""What can go wrong and is a person's to mend. The HTTP numbers are in ``app.api.errors``."""

from collections.abc import Sequence
from dataclasses import dataclass

#: Nobody reads more than so many at once.
MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in an input: where (``config.url``), what, and the value shortened."""

    field: str
    message: str
    value: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the fault as it goes on the wire."""
        fault = {"field": self.field, "message": self.message}
        if self.value is not None:
            fault["value"] = self.value
        return fault

    def sentence(self) -> str:
        """Return the message, preceded by the field unless it begins with its name already."""
        names_it = not self.field or self.message.startswith(self.field[:8])
        return self.message if names_it else f"{self.field}: {self.message}"


class DomainError(Exception):
    """A rule of the product was broken."""

    code = "INTERNAL_ERROR"

    def __init__(self, message: str = "", details: object = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip().splitlines()[0])
        self.details = details


class Invalid(DomainError):
    """The input is not valid."""

    code = "VALIDATION_ERROR"

    def __init__(self, faults: Sequence[Fault]) -> None:
        if len(faults) > MOST_FAULTS:
            more = Fault("", f"and {len(faults) - MOST_FAULTS} faults more")
            faults = [*faults[:MOST_FAULTS], more]
        text = "; ".join(f.sentence() for f in faults)
        super().__init__(text, [f.as_dict() for f in faults])
        self.faults = tuple(faults)


class NotFound(DomainError):
    """There is no such object."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The object's present state does not allow this."""

    code = "CONFLICT"


class Unauthenticated(DomainError):
    """Say who you are."""

    code = "UNAUTHENTICATED"


class InvalidToken(Unauthenticated):
    """invalid or expired API key"""

    code = "INVALID_TOKEN"


class InvalidCredentials(Unauthenticated):
    """wrong username or password"""

    code = "INVALID_CREDENTIALS"


class Forbidden(DomainError):
    """This caller may not do this."""

    code = "UNAUTHORIZED"


class PasswordChangeRequired(Forbidden):
    """give yourself a new password first (POST /api/auth/password)"""

    code = "PASSWORD_CHANGE_REQUIRED"


class CsrfFailed(Forbidden):
    """a change that comes with a cookie needs the header X-CSRF-Token"""

    code = "CSRF_FAILED"


class RateLimited(DomainError):
    """Too many requests; try again later."""

    code = "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, {"retry_after": retry_after})
        #: Whole seconds, at least one.
        self.retry_after = retry_after


class Unavailable(DomainError):
    """A part of the product can't be reached at present; try again."""

    code = "UNAVAILABLE"


def invalid(field: str, message: str, value: object = None) -> Invalid:
    """Return an :class:`Invalid` of one fault; the value is shown shortened to 100 characters."""
    return Invalid([Fault(field, message, None if value is None else shorten(value))])


def shorten(value: object, limit: int = 100) -> str:
    """Return the value as text of at most ``limit`` characters, safe to show to its sender."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
