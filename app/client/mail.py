"""E-mail and time zones: settings of the installation, and the mails it sends."""

from datetime import datetime
from typing import Any, Unpack

from pydantic import Field

from app.client import lists
from app.client.connection import Connection
from app.client.things import Page, Thing
from app.client.wishes import MailQuery, SmtpEdit

#: The server has less time than this for a test.
_PATIENCE = 30.0


class Smtp(Thing):
    """How e-mail is sent; the password is not told."""

    server: str
    port: int
    security: str
    username: str
    has_password: bool
    sender: str = Field(alias="from")
    timeout_seconds: float
    language: str
    alert_emails: list[str]
    configured: bool
    locked: list[str]


class MailTrial(Thing):
    """How a test went; ``step`` says which one failed."""

    to: str
    status: str
    step: str | None = None
    error: str | None = None
    duration_ms: int


class Email(Thing):
    """An e-mail to one address."""

    id: str
    to: str
    subject: str
    kind: str
    job_id: str
    execution_id: str
    status: str
    attempts: int
    next_retry_at: datetime | None = None
    error: str | None = None
    created_at: datetime
    sent_at: datetime | None = None


class Zone(Thing):
    """A time zone, as its clocks go at present."""

    name: str
    iana: str
    offset: str


class InstallationSettings:
    """``client.settings``"""

    _smtp = "/api/settings/smtp"
    _zone = "/api/settings/timezone"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def smtp(self) -> Smtp:
        """Return the settings of e-mail."""
        return Smtp.read(self._connection.get(self._smtp)["data"])

    def update_smtp(self, **fields: Unpack[SmtpEdit]) -> Smtp:
        """Change settings of e-mail; a password that is not given stays."""
        return Smtp.read(self._connection.patch(self._smtp, fields)["data"])

    def test_smtp(self, to: str) -> MailTrial:
        """Send a test to an address now; return how it went."""
        body: dict[str, Any] = {"to": to}
        answer = self._connection.post(f"{self._smtp}/test", body, patience=_PATIENCE)
        return MailTrial.read(answer["data"])

    def timezone(self) -> Zone:
        """Return the time zone of jobs that name none."""
        return Zone.read(self._connection.get(self._zone)["data"])

    def set_timezone(self, name: str) -> Zone:
        """Set the time zone of jobs that name none."""
        return Zone.read(self._connection.patch(self._zone, {"timezone": name})["data"])

    def timezones(self) -> list[Zone]:
        """Return all time zones, by name."""
        return [Zone.read(row) for row in self._connection.get("/api/timezones")["data"]]


class Emails:
    """``client.emails``"""

    _path = "/api/emails"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[MailQuery]) -> Page[Email]:
        """Return a page of e-mails, the newest first."""
        return lists.page(self._connection, self._path, query, Email)

    def get(self, email_id: str) -> Email:
        """Return an e-mail."""
        return Email.read(self._connection.get(f"{self._path}/{email_id}")["data"])

    def retry(self, email_id: str) -> Email:
        """Send an e-mail that failed once more."""
        return Email.read(self._connection.post(f"{self._path}/{email_id}/retry")["data"])
