"""API keys on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Flag, Moment, Text
from app.domain.api_keys import DEFAULT_SCOPES, clean_scopes
from app.domain.names import clean_name

_SCOPES = {"description": "read, write, admin, comma-separated", "example": DEFAULT_SCOPES}


class _KeyFields(InputSchema):
    clearable = frozenset({"expires_at"})

    scopes = Text(clean_scopes, metadata=_SCOPES)
    expires_at = Moment(allow_none=True, metadata={"description": "Valid until then; null: always"})


class NewApiKey(_KeyFields):
    """A key to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)


class ApiKeyEdit(_KeyFields):
    """What is to be changed of a key."""

    name = Text(clean_name)
    is_active = Flag(metadata={"description": "Off: refused until it is on again"})


class ApiKeyOut(Schema):
    """An API key, without the key itself."""

    id = ma.fields.String()
    name = ma.fields.String()
    key_prefix = ma.fields.String(metadata={"description": "The key's first characters"})
    scopes = ma.fields.String(metadata=_SCOPES)
    is_active = ma.fields.Boolean()
    expires_at = ma.fields.DateTime()
    last_used_at = ma.fields.DateTime(metadata={"description": "To the minute"})
    revoked_at = ma.fields.DateTime()
    created_by = ma.fields.String(allow_none=True)
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class NewApiKeyOut(ApiKeyOut):
    """An API key that was made just now."""

    key = ma.fields.String(metadata={"description": "The key itself; it is shown only this once"})


class RevokedOut(Schema):
    """What has become of the key."""

    status = ma.fields.String(metadata={"example": "revoked"})
