"""E-mail and time zones on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, DraftSchema, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Choice, Id, Text, Whole, at_most
from app.domain.mail.addresses import MOST, clean_address, clean_addresses
from app.domain.mail.letters import LANGUAGES
from app.domain.mail.notices import FAILURE, KINDS, WISHES
from app.domain.schedules.zones import check_zone
from app.services.notifications.sending import STATUSES

_SECURITY = ("starttls", "tls", "none")


class Addresses(ma.fields.Field[str]):
    """Addresses as a comma-separated text or a list; kept as such a text, ``None`` for none."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return ",".join(clean_addresses(value)) or None
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class _Number(ma.fields.Float):
    """A number, and no text that looks like one."""

    default_error_messages = {"invalid": "must be a number"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if type(value) not in (int, float):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


_LIST: dict[str, Any] = {
    "example": "ann@example.com,bob@example.com",
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}],
}
_NOTIFY = {"description": f"Who is written to: comma-separated or a list, at most {MOST}"} | _LIST
_NOTIFY_ON = {"description": f"Of which ends of executions; default: {FAILURE}"}


class NoticeFields(DraftSchema):
    """Whom a job writes to."""

    notify_emails = Addresses(allow_none=True, metadata=_NOTIFY)
    notify_on = Choice(*WISHES, metadata=_NOTIFY_ON)


class NoticesOut(Schema):
    """Whom a job writes to."""

    notify_emails = ma.fields.String(allow_none=True, metadata={"description": "Comma-separated"})
    notify_on = ma.fields.String(metadata={"enum": list(WISHES)})


class _SmtpEdit(InputSchema):
    """What is to be changed of the settings of e-mail; null or empty means the default.

    A password that is not given stays.
    """

    clearable = frozenset(
        {
            *("server", "port", "security", "username", "password", "from"),
            *("timeout_seconds", "language", "alert_emails"),
        }
    )

    server = Text(at_most(253), allow_none=True, metadata={"example": "mail.example.com"})
    port = Whole(
        0,
        65535,
        allow_none=True,
        metadata={"description": "0 or null: 587 for starttls, 465 for tls, 25 for none"},
    )
    security = Choice(*_SECURITY, allow_none=True)
    username = Text(at_most(1000), allow_none=True)
    password = Text(
        at_most(1000), allow_none=True, metadata={"description": "null or empty: none from now on"}
    )
    timeout_seconds = _Number(
        allow_none=True,
        metadata={"description": "1 to 30: to connect, and again for each mail"},
    )
    language = Choice(*LANGUAGES, allow_none=True)
    alert_emails = Addresses(
        allow_none=True,
        metadata={"description": "Who hears of all jobs that fail three times in a row"} | _LIST,
    )


#: ``from`` can't be the name of an attribute.
SmtpEdit = _SmtpEdit.from_dict(
    {"from": Text(at_most(254), allow_none=True, metadata={"example": "jobs@example.com"})},
    name="SmtpEdit",
)


class _SmtpOut(Schema):
    server = ma.fields.String()
    port = ma.fields.Integer()
    security = ma.fields.String(metadata={"enum": list(_SECURITY)})
    username = ma.fields.String()
    has_password = ma.fields.Boolean()
    timeout_seconds = ma.fields.Float()
    language = ma.fields.String(metadata={"enum": list(LANGUAGES)})
    alert_emails = ma.fields.List(ma.fields.String())
    configured = ma.fields.Boolean(metadata={"description": "Whether e-mail is sent"})
    locked = ma.fields.List(
        ma.fields.String(), metadata={"description": "What this start gives: it can't be changed"}
    )


SmtpOut = _SmtpOut.from_dict({"from": ma.fields.String()}, name="SmtpOut")


class MailTrial(InputSchema):
    """To whom a test goes."""

    to = Text(clean_address, required=True, error_messages=MISSING)


class TrialOut(Schema):
    """How a test went."""

    to = ma.fields.String()
    status = ma.fields.String(metadata={"enum": ["sent", "failed"]})
    step = ma.fields.String(
        metadata={
            "description": "Which one failed",
            "enum": ["connect", "tls", "login", "sender", "recipient", "message"],
        }
    )
    error = ma.fields.String()
    duration_ms = ma.fields.Integer()


class MailQuery(PageQuery):
    """Filters of a list of e-mails."""

    status = Choice(*STATUSES)
    job_id = Id()


class MailOut(Schema):
    """An e-mail to one address."""

    id = ma.fields.String(metadata={"description": "Also in the header Message-ID"})
    to = ma.fields.String()
    subject = ma.fields.String()
    kind = ma.fields.String(metadata={"enum": list(KINDS)})
    job_id = ma.fields.String()
    execution_id = ma.fields.String()
    status = ma.fields.String(metadata={"enum": list(STATUSES)})
    attempts = ma.fields.Integer()
    next_retry_at = ma.fields.DateTime()
    error = ma.fields.String(metadata={"description": "Why the last try failed"})
    created_at = ma.fields.DateTime()
    sent_at = ma.fields.DateTime()


class ZoneOut(Schema):
    """A time zone, as its clocks go at present."""

    name = ma.fields.String(metadata={"example": "CET"})
    iana = ma.fields.String(metadata={"example": "Europe/Berlin"})
    offset = ma.fields.String(metadata={"description": "From UTC, now", "example": "+01:00"})


class ZoneEdit(InputSchema):
    """The time zone of jobs that name none."""

    timezone = Text(check_zone, required=True, error_messages=MISSING)
