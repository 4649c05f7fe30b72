"""Users on the wire."""

from typing import Any, Final

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Choice, Flag, QueryFlag, Text, at_most
from app.domain.people.accounts import LONGEST_EMAIL, clean_email, clean_username
from app.domain.people.identity import clean_issuer, clean_subject
from app.domain.people.passwords import LONGEST, SHORTEST

#: Nobody needs more roles than this.
MOST_ROLES: Final = 50
#: Bodies of those who have not said who they are.
SMALL: Final = 16 * 1024
_USERNAME = {"description": "In lower case; it can't be changed", "example": "alice"}
_ISSUER = {"description": "OIDC_ISSUER: the user signs in through it, and has no password here"}
_SUBJECT = {"description": "What the identity provider calls the user (sub)"}
_EMAIL = {"format": "email", "maxLength": LONGEST_EMAIL}


class Unseen(ma.fields.Field[Any]):
    """A secret: it is checked where no fault shows it."""

    def __init__(self, **kwargs: Any) -> None:
        described = {"type": "string", "format": "password"}
        super().__init__(metadata=described | kwargs.pop("metadata", {}), **kwargs)


def password_field(**kwargs: Any) -> Unseen:
    """Return the field of a password to be given."""
    lengths = {"minLength": SHORTEST, "maxLength": LONGEST}
    return Unseen(metadata=lengths | kwargs.pop("metadata", {}), **kwargs)


def _names() -> Any:
    word = Text(at_most(64))
    bound = ma.validate.Length(max=MOST_ROLES, error=f"must be at most {MOST_ROLES}")
    return ma.fields.List(word, validate=bound, metadata={"description": "Names or ids of roles"})


class _Roles(InputSchema):
    #: Other names of the field, each for one role or several.
    others: tuple[str, ...] = ("role",)

    roles = _names()

    @ma.validates_schema(skip_on_field_errors=False)
    def _one_name(self, data: Any, **_: Any) -> None:
        given = [name for name in ("roles", *self.others) if name in data]
        if len(given) > 1:
            raise ma.ValidationError(f"give it or {given[0]}, not both", given[1])

    @ma.post_load
    def _under_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for name in self.others:
            if name in data:
                value = data.pop(name)
                data["roles"] = value if isinstance(value, list) else [value]
        return data


class NewUser(_Roles):
    """A user to be made."""

    username = Text(clean_username, required=True, error_messages=MISSING, metadata=_USERNAME)
    email = Text(clean_email, metadata=_EMAIL)
    password = password_field(
        metadata={"description": "Else one is made; it is changed at the first sign-in"}
    )
    role = Text(at_most(64), metadata={"description": "One role instead of roles"})


class UserEdit(_Roles):
    """What is to be changed of a user."""

    clearable = frozenset({"email", "issuer", "subject"})

    email = Text(clean_email, allow_none=True, metadata=_EMAIL)
    is_active = Flag(metadata={"description": "Off: signed out, and refused until it is on again"})
    role = Text(at_most(64), metadata={"description": "One role instead of roles"})
    issuer = Text(clean_issuer, allow_none=True, metadata=_ISSUER)
    subject = Text(clean_subject, allow_none=True, metadata=_SUBJECT)

    @ma.validates_schema
    def _whole_identity(self, data: Any, **_: Any) -> None:
        if (data.get("issuer") is None) != (data.get("subject") is None):
            lacking = "subject" if data.get("subject") is None else "issuer"
            raise ma.ValidationError("issuer and subject are given together", lacking)
        if ("issuer" in data) != ("subject" in data):
            raise ma.ValidationError("issuer and subject are cleared together", "subject")


class UserRoles(_Roles):
    """The roles of a user, all of them."""

    others = ("role", "role_ids")

    role = Text(at_most(64), metadata={"description": "One role instead of roles"})
    role_ids = _names()

    @ma.validates_schema
    def _some(self, data: Any, **_: Any) -> None:
        if not data:
            raise ma.ValidationError(MISSING["required"], "roles")


class PasswordByAdmin(InputSchema):
    """Another password for a user."""

    empty_body = True
    max_body_bytes = SMALL

    new_password = password_field(metadata={"description": "Else one is made"})


class FirstAdmin(InputSchema):
    """The first user."""

    max_body_bytes = SMALL

    username = Text(clean_username, required=True, error_messages=MISSING, metadata=_USERNAME)
    password = password_field(required=True, error_messages=MISSING)
    email = Text(clean_email, metadata=_EMAIL)
    token = Unseen(metadata={"description": "As the log of the server shows it"})


class UserQuery(PageQuery):
    """Which users are wanted."""

    search = Text(at_most(255), metadata={"description": "Part of the name or the address"})
    is_active = QueryFlag()
    role = Text(at_most(64), metadata={"description": "Name or id of a role"})
    sort_by = Choice("username", "created_at")


class UserOut(Schema):
    """A user."""

    id = ma.fields.String()
    username = ma.fields.String(metadata=_USERNAME)
    email = ma.fields.String(allow_none=True)
    is_active = ma.fields.Boolean()
    must_change_password = ma.fields.Boolean()
    roles = ma.fields.List(ma.fields.String(), metadata={"example": ["admin"]})
    role = ma.fields.String(allow_none=True, metadata={"description": "The first of roles"})
    has_password = ma.fields.Boolean()
    is_external = ma.fields.Boolean(metadata={"description": "Known to an identity provider"})
    issuer = ma.fields.String(allow_none=True, metadata=_ISSUER)
    subject = ma.fields.String(allow_none=True, metadata=_SUBJECT)
    last_login_at = ma.fields.DateTime(allow_none=True)
    created_by = ma.fields.String(allow_none=True)
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class NewUserOut(UserOut):
    """A user whose password is new."""

    password = ma.fields.String(
        metadata={"description": "If it was made here; it is shown only this once"}
    )


class SetupOut(Schema):
    """Whether the first user is still to be made."""

    needed = ma.fields.Boolean()
    token_required = ma.fields.Boolean(
        metadata={"description": "The token in the log of the server must be shown"}
    )
