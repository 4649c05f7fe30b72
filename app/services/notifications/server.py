"""The settings of e-mail in force: those of this start, and those kept in system_config.

What this start gives can't be changed; with SMTP_SERVER it gives the whole connection, so that no
password kept here goes to a server named there. A process looks at most once a second whether
anything has changed.
"""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.clock import now
from app.domain.errors import Conflict, Fault, Invalid, shorten
from app.gateways import cipher
from app.gateways.mail import MailFailed, MailServer
from app.models import SystemConfig
from app.settings import MailSettings, Settings

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
PASSWORD: Final = "smtp_password"  # noqa: S105 - the name of a setting
#: The settings by their names on the wire.
NAMES: Final = {
    "server": "smtp_server",
    "port": "smtp_port",
    "security": "smtp_security",
    "username": "smtp_username",
    "password": PASSWORD,
    "from": "smtp_from",
    "timeout_seconds": "smtp_timeout_seconds",
    "language": "mail_language",
    "alert_emails": "alert_emails",
}
_CONNECTION: Final = frozenset({"smtp_port", "smtp_security", "smtp_username", PASSWORD})
_CONTEXT: Final = f"setting:{PASSWORD}"


@dataclass(frozen=True, slots=True)
class Known:
    """What is asked for at each end of an execution."""

    is_on: bool = False
    language: str = "en"
    alert_emails: tuple[str, ...] = ()
    public_url: str = ""


_start: Settings | None = None
_known: tuple[float, Known] = (0.0, Known())


def configure(settings: Settings) -> None:
    """Give this process the settings of its start."""
    global _start  # noqa: PLW0603 - fixed at the start of the process
    _start = settings
    _forget()


def known(session: Session) -> Known:
    """Return what is to know to write mails, as it was at most a second ago."""
    global _known  # noqa: PLW0603 - a cache of this process
    read_at, found = _known
    if read_at and time.monotonic() - read_at < LOOK_SECONDS:
        return found
    start = _start or Settings()
    mail = _in_force(session, start).mail
    found = Known(mail.sends_mail, mail.mail_language, mail.alert_emails, start.public_url)
    _known = (time.monotonic(), found)
    return found


def _forget() -> None:
    global _known  # noqa: PLW0603
    _known = (0.0, Known())


def find(session: Session, settings: Settings, seconds: float | None = None) -> MailServer | None:
    """Return where mail is handed in; ``None`` while nobody has said.

    Raises :class:`MailFailed` if the password can't be decrypted.
    """
    force = _in_force(session, settings)
    mail = force.mail
    if not mail.sends_mail:
        return None
    try:
        sealed = force.sealed
        password = cipher.current().decrypt(sealed, _CONTEXT) if sealed else mail.smtp_password
    except cipher.KeyMissing as reason:
        raise MailFailed("login", f"the password can't be read: {reason}") from None
    return MailServer(
        host=mail.smtp_server,
        port=mail.mail_port,
        security=mail.smtp_security,
        sender=mail.smtp_from,
        policy=settings.outbound,
        seconds=min(mail.smtp_timeout_seconds, seconds or mail.smtp_timeout_seconds),
        username=mail.smtp_username,
        password=password,
    )


def language(session: Session, settings: Settings) -> str:
    """Return the language of e-mail."""
    return _in_force(session, settings).mail.mail_language


def shown(session: Session, settings: Settings) -> dict[str, Any]:
    """Return the settings as they go on the wire, without the password."""
    force = _in_force(session, settings)
    mail = force.mail
    found = {name: getattr(mail, field) for name, field in NAMES.items() if name != "password"}
    return found | {
        "port": mail.mail_port,
        "has_password": force.has_password,
        "configured": mail.sends_mail,
        "locked": [name for name, field in NAMES.items() if _lock(field, settings)],
    }


def update(session: Session, settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set what is given, by its names on the wire; ``None`` and empty mean the default.

    Raises :class:`Conflict` if this start fixes one of them, :class:`Invalid` with all faults.
    """
    locks = {name: lock for name in values if (lock := _lock(NAMES[name], settings))}
    if locks:
        given = ", ".join(sorted(set(locks.values())))
        raise Conflict(f"{', '.join(locks)}: fixed by {given} of this start; change it there")
    checked = _checked(values)
    for name, value in values.items():
        _store(session, NAMES[name], None if value in (None, "") else checked[NAMES[name]])
    session.flush()
    after_commit(session, _forget)
    return shown(session, settings)


def _lock(field: str, settings: Settings) -> str | None:
    """Return the variable of this start that fixes a setting."""
    if field in settings.given:
        return field.upper()
    return "SMTP_SERVER" if field in _CONNECTION and "smtp_server" in settings.given else None


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    given = {NAMES[name]: value for name, value in values.items() if value not in (None, "")}
    try:
        return MailSettings.model_validate(given).model_dump()
    except ValidationError as error:
        wire = {field: name for name, field in NAMES.items()}
        raise Invalid([_fault(item, wire) for item in error.errors()]) from None


def _fault(item: Any, wire: Mapping[str, str]) -> Fault:
    name = wire[str(item["loc"][0])]
    message = str(item["msg"]).removeprefix("Value error, ")
    return Fault(name, message, "***" if name == "password" else shorten(item["input"]))


def _store(session: Session, key: str, value: Any) -> None:
    row = session.get(SystemConfig, key)
    if value is None:
        if row is not None:
            session.delete(row)
        return
    # The password is no JSON: rotation finds ciphertexts as they are.
    is_secret = key == PASSWORD
    text = cipher.current().encrypt(value, _CONTEXT) if is_secret else json.dumps(value)
    if row is None:
        session.add(SystemConfig(key=key, value=text, updated_at=now()))
    else:
        row.value, row.updated_at = text, now()


@dataclass(frozen=True, slots=True)
class _InForce:
    mail: MailSettings
    #: The password as it is stored, if that is the one in force.
    sealed: str | None

    @property
    def has_password(self) -> bool:
        return bool(self.sealed or self.mail.smtp_password)


def _in_force(session: Session, settings: Settings) -> _InForce:
    fields = MailSettings.model_fields
    query = sa.select(SystemConfig.key, SystemConfig.value).where(SystemConfig.key.in_(fields))
    kept = {row.key: row.value for row in session.execute(query)}
    stored = {k: text if k == PASSWORD else json.loads(text) for k, text in kept.items()}
    free = {name: value for name, value in stored.items() if not _lock(name, settings)}
    sealed = free.pop(PASSWORD, None)
    values = {name: getattr(settings, name) for name in fields} | free
    try:
        return _InForce(MailSettings.model_validate(values), sealed)
    except ValidationError as error:  # the end of an execution must not fail because of it
        log.error("e-mail is off, its settings can't be used: %s", error.errors()[0]["msg"])  # noqa: TRY400
        return _InForce(MailSettings(), None)
