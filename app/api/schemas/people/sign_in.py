"""Signing in, and what people see of their own, on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Text, at_most
from app.domain.people.passwords import LONGEST

_LONGEST_NAME = 200
_LONGEST_TOKEN = 200
_ONLY_BODY = " (not with X-Session: cookie)"


def _password(text: str) -> str:
    return at_most(LONGEST)(text)


class Login(InputSchema):
    """Who signs in."""

    max_body_bytes = 16 * 1024

    username = Text(at_most(_LONGEST_NAME), required=True, error_messages=MISSING)
    password = Text(
        _password,
        required=True,
        error_messages=MISSING,
        load_only=True,
        metadata={"format": "password"},
    )


class RefreshWish(InputSchema):
    """The refresh token; with cookies it is in one."""

    empty_body = True
    max_body_bytes = 16 * 1024

    refresh_token = Text(at_most(_LONGEST_TOKEN), load_only=True)


class PasswordChange(InputSchema):
    """A new password."""

    max_body_bytes = 16 * 1024

    current_password = Text(_password, required=True, error_messages=MISSING, load_only=True)
    new_password = Text(_password, required=True, error_messages=MISSING, load_only=True)


class WhoOut(Schema):
    """Who asks, and what this caller may do."""

    actor = ma.fields.String(metadata={"example": "user:alice"})
    id = ma.fields.String(allow_none=True, metadata={"description": "Null: not a person"})
    username = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    roles = ma.fields.List(ma.fields.String())
    permissions = ma.fields.List(ma.fields.String())
    must_change_password = ma.fields.Boolean()
    last_login_at = ma.fields.DateTime(allow_none=True)
    session_id = ma.fields.String(allow_none=True)
    key_id = ma.fields.String(allow_none=True)
    auth_enabled = ma.fields.Boolean(metadata={"description": "False: everybody may do all"})


class TokensOut(Schema):
    """What whoever has signed in is given."""

    token = ma.fields.String(metadata={"description": f"The access token{_ONLY_BODY}"})
    token_type = ma.fields.String(metadata={"example": "Bearer"})
    expires_at = ma.fields.DateTime(metadata={"description": "End of the access token"})
    expires_in = ma.fields.Integer(metadata={"description": "Seconds until then"})
    refresh_token = ma.fields.String(
        metadata={"description": f"For POST /api/auth/refresh, good for one use{_ONLY_BODY}"}
    )
    refresh_expires_at = ma.fields.DateTime()
    session_id = ma.fields.String()
    user = ma.fields.Nested(WhoOut)


class SignedOutOut(Schema):
    """What has become of the session."""

    status = ma.fields.String(metadata={"example": "signed_out"})
    sessions = ma.fields.Integer(metadata={"description": "How many sessions have ended"})


class SessionOut(Schema):
    """A session of a person."""

    id = ma.fields.String()
    address = ma.fields.String(allow_none=True)
    agent = ma.fields.String(allow_none=True)
    created_at = ma.fields.DateTime()
    used_at = ma.fields.DateTime(metadata={"description": "When its tokens were last renewed"})
    expires_at = ma.fields.DateTime()
    is_current = ma.fields.Boolean(metadata={"description": "The one that asks"})


class ProviderOut(Schema):
    """The identity provider that people may sign in through."""

    name = ma.fields.String(metadata={"example": "Keycloak"})
    url = ma.fields.String(metadata={"description": "Where to lead a browser; takes next"})


class MethodsOut(Schema):
    """How one may sign in."""

    password = ma.fields.Boolean()
    oidc = ma.fields.Nested(ProviderOut, allow_none=True)
