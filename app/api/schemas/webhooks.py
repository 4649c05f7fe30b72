"""Webhooks on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Choice, Flag, Id, QueryWhole, Text, at_most
from app.domain.names import clean_name
from app.domain.signing import PREFIX
from app.domain.web_address import MAX_URL_LENGTH
from app.domain.webhooks import EVENTS, TEST, clean_events
from app.services.webhooks.deliveries import STATUSES

MAX_SECRET = 256


class _Events(ma.fields.Field[str]):
    """Events as a comma-separated text or a list."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            return clean_events(value)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


_EVENTS: dict[str, Any] = {
    "description": "Comma-separated, or a list: " + ", ".join(EVENTS),
    "example": "job.failed,job.completed",
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"enum": list(EVENTS)}}],
}
_SECRET = {
    "description": f"Signs each delivery. After {PREFIX} the key in base64, else the key itself; "
    "null: deliveries are not signed"
}
_URL = {"description": "http:// or https://; redirects are not followed"}
_PROJECT = {"description": "Only events of this project; null: of all"}


class _WebhookFields(InputSchema):
    clearable = frozenset({"secret", "project_id"})

    secret = Text(at_most(MAX_SECRET), allow_none=True, metadata=_SECRET)
    project_id = Id(allow_none=True, metadata=_PROJECT)
    is_active = Flag(metadata={"description": "Off: nothing is sent, what is on its way fails"})


class NewWebhook(_WebhookFields):
    """A webhook to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)
    url = Text(at_most(MAX_URL_LENGTH), required=True, error_messages=MISSING, metadata=_URL)
    events = _Events(required=True, error_messages=MISSING, metadata=_EVENTS)


class WebhookEdit(_WebhookFields):
    """What is to be changed of a webhook."""

    name = Text(clean_name)
    url = Text(at_most(MAX_URL_LENGTH), metadata=_URL)
    events = _Events(metadata=_EVENTS)


class DeliveryQuery(PageQuery):
    """Filters of a list of deliveries."""

    status = Choice(*STATUSES)
    event = Choice(*EVENTS, TEST)


class WebhookQuery(PageQuery):
    """Which page of the list is wanted."""

    limit = QueryWhole(1, 1000, load_default=100)


class WebhookOut(Schema):
    """A webhook, without its secret."""

    id = ma.fields.String()
    name = ma.fields.String()
    url = ma.fields.String()
    events = ma.fields.String(metadata={"description": "Comma-separated"})
    project_id = ma.fields.String(allow_none=True, metadata=_PROJECT)
    is_active = ma.fields.Boolean()
    has_secret = ma.fields.Boolean()
    disabled_reason = ma.fields.String(metadata={"description": "If it was switched off by us"})
    failures = ma.fields.Integer(metadata={"description": "Tries failed since the last success"})
    paused_until = ma.fields.DateTime(metadata={"description": "Nothing is sent until then"})
    created_by = ma.fields.String(allow_none=True)
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class NewWebhookOut(WebhookOut):
    """A webhook whose secret is new."""

    secret = ma.fields.String(metadata={"description": "It is shown only this once"})


class DeliveryOut(Schema):
    """One event on its way to one webhook."""

    id = ma.fields.String(metadata={"description": "Also the header webhook-id, in every try"})
    webhook_id = ma.fields.String()
    sequence = ma.fields.Integer(metadata={"description": "Counts per webhook, from 1"})
    event_type = ma.fields.String(metadata={"enum": [*EVENTS, TEST]})
    payload = ma.fields.String(metadata={"description": "The JSON text that is sent"})
    status = ma.fields.String(metadata={"enum": list(STATUSES)})
    attempts = ma.fields.Integer()
    next_retry_at = ma.fields.DateTime()
    response_code = ma.fields.Integer()
    response_body = ma.fields.String(metadata={"description": "Its first 1024 characters"})
    error = ma.fields.String()
    created_at = ma.fields.DateTime()
    completed_at = ma.fields.DateTime()


class TestOut(Schema):
    """How a trial went; it was sent also if the receiver did not take it."""

    status = ma.fields.String(metadata={"example": "test sent"})
    delivery = ma.fields.Nested(DeliveryOut)


class ReplayedOut(Schema):
    """How many deliveries are sent again."""

    replayed = ma.fields.Integer()
