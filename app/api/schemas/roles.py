"""Roles and permissions on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Flag, Text, at_most
from app.domain.people.accounts import clean_username
from app.domain.permissions import PERMISSIONS, clean_permissions


class _Permissions(ma.fields.Field[Any]):
    """Permissions as a list of their names."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise ma.ValidationError("must be a list of permissions; see GET /api/permissions")
        try:
            return clean_permissions(value)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


_PERMISSIONS: dict[str, Any] = {
    "type": "array",
    "items": {"type": "string", "enum": list(PERMISSIONS)},
    "example": ["job:read", "execution:read"],
}
_SEES_ALL = {
    "description": "Whether its holders see everything, or what is theirs and their projects'"
}


class _RoleFields(InputSchema):
    clearable = frozenset({"description"})

    description = Text(at_most(1000), allow_none=True)
    sees_all = Flag(metadata=_SEES_ALL)


class NewRole(_RoleFields):
    """A role to be made."""

    name = Text(clean_username, required=True, error_messages=MISSING)
    permissions = _Permissions(required=True, error_messages=MISSING, metadata=_PERMISSIONS)


class RoleEdit(_RoleFields):
    """What is to be changed of a role."""

    name = Text(clean_username)
    permissions = _Permissions(metadata=_PERMISSIONS)


class RoleRemoval(Schema):
    """What becomes of those who hold a deleted role."""

    class Meta:
        unknown = ma.EXCLUDE

    reassign_to = Text(at_most(64), metadata={"description": "They get this role; its name or id"})


class RoleOut(Schema):
    """A role."""

    id = ma.fields.String(metadata={"description": "That of a built-in role is its name"})
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    permissions = ma.fields.List(ma.fields.String(), metadata=_PERMISSIONS)
    sees_all = ma.fields.Boolean(metadata=_SEES_ALL)
    is_built_in = ma.fields.Boolean(metadata={"description": "It can't be changed"})
    user_count = ma.fields.Integer()
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class PermissionOut(Schema):
    """Something that one may be allowed to do."""

    name = ma.fields.String(metadata={"example": "job:read"})
    description = ma.fields.String()
