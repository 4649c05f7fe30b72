"""API keys on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Flag, Id, Moment, Text, Whole
from app.domain.api_keys import (
    DEFAULT_SCOPES,
    LONGEST_OVERLAP_SECONDS,
    MOST_ADDRESSES,
    clean_addresses,
    clean_scopes,
)
from app.domain.names import clean_name


class _Networks(ma.fields.Field[str]):
    """Networks as a list, or divided by commas."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        parts = [value] if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ma.ValidationError("must be a list of networks, such as 10.0.0.0/8")
        try:
            return clean_addresses(",".join(parts))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


_ADDRESSES: dict[str, Any] = {
    "description": f"Networks it may be used from, at most {MOST_ADDRESSES}; none: from anywhere",
    "example": ["10.0.0.0/8", "192.0.2.7"],
    "type": "array",
    "items": {"type": "string"},
}
_PROJECT = {"description": "It sees and changes only what belongs to this project; null: no limit"}
_OWNER = {
    "description": "Whose key it is: it may never do more than this user. null: nobody's; "
    "default: of the one who makes it"
}
_SCOPES = {"description": "read, write, admin, comma-separated", "example": DEFAULT_SCOPES}


class _KeyFields(InputSchema):
    clearable = frozenset({"expires_at", "project_id", "owner_id"})

    scopes = Text(clean_scopes, metadata=_SCOPES)
    expires_at = Moment(allow_none=True, metadata={"description": "Valid until then; null: always"})
    project_id = Id(allow_none=True, metadata=_PROJECT)
    addresses = _Networks(metadata=_ADDRESSES)


class NewApiKey(_KeyFields):
    """A key to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)
    owner_id = Id(allow_none=True, metadata=_OWNER)


class ApiKeyEdit(_KeyFields):
    """What is to be changed of a key."""

    name = Text(clean_name)
    is_active = Flag(metadata={"description": "Off: refused until it is on again"})


class Rotation(InputSchema):
    """How a key is replaced."""

    empty_body = True

    overlap_seconds = Whole(
        0,
        LONGEST_OVERLAP_SECONDS,
        metadata={"description": "The old key is valid for so long; 0: it is revoked at once"},
    )


class ApiKeyOut(Schema):
    """An API key, without the key itself."""

    id = ma.fields.String()
    name = ma.fields.String()
    key_prefix = ma.fields.String(metadata={"description": "The key's first characters"})
    scopes = ma.fields.String(metadata=_SCOPES)
    is_active = ma.fields.Boolean()
    owner_id = ma.fields.String(allow_none=True, metadata=_OWNER)
    project_id = ma.fields.String(allow_none=True, metadata=_PROJECT)
    addresses = ma.fields.List(ma.fields.String(), metadata=_ADDRESSES)
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
