"""Users over HTTP.

Making one and giving a password take no Idempotency-Key: the answer may hold a password.
"""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import envelope, listing
from app.api.schemas.users import (
    NewUser,
    NewUserOut,
    PasswordByAdmin,
    UserEdit,
    UserOut,
    UserQuery,
    UserRoles,
)
from app.db import reading, transaction
from app.services.people import user_views, users
from app.services.people.credentials import new_password

blp = Blueprint("users", __name__, url_prefix="/api/users", description="Those who sign in")

UserEnvelope = envelope(UserOut, "UserEnvelope")
NewUserEnvelope = envelope(NewUserOut, "NewUserEnvelope")


@blp.get("")
@blp.arguments(UserQuery, location="query")
@blp.response(200, listing(UserOut, "UserList"))
def list_users(query: dict[str, Any]) -> Response:
    """List users by name"""
    filters, page = split(query, user_views.UserFilters)
    with reading() as session:
        return answers.listed(user_views.page(session, page, filters))


@blp.post("")
@blp.arguments(NewUser)
@blp.response(201, NewUserEnvelope)
def create_user(values: dict[str, Any]) -> Response:
    """Make a user, who changes the password at the first sign-in"""
    context = [values["username"], values.get("email")]
    password = new_password(values.get("password"), context, "password")
    with transaction() as session:
        made = users.create(session, values, password, answers.principal())
    return answers.data(made, 201)


@blp.get("/<user_id>")
@blp.response(200, UserEnvelope)
def get_user(user_id: str) -> Response:
    """Return a user"""
    with reading() as session:
        return answers.data(user_views.wire(session, users.get(session, user_id)))


@blp.route("/<user_id>", methods=["PATCH", "PUT"])
@blp.arguments(UserEdit)
@blp.response(200, UserEnvelope)
def update_user(values: dict[str, Any], user_id: str) -> Response:
    """Change a user; giving roles needs role:assign"""
    with transaction() as session:
        return answers.data(users.update(session, user_id, values, answers.principal()))


@blp.delete("/<user_id>")
@blp.response(204)
def delete_user(user_id: str) -> Response:
    """Delete a user; the name is never given again"""
    with transaction() as session:
        users.delete(session, user_id, answers.principal())
    return Response(status=204)


@blp.route("/<user_id>/password", methods=["PUT", "POST"])
@blp.arguments(PasswordByAdmin)
@blp.response(200, NewUserEnvelope)
def set_user_password(values: dict[str, Any], user_id: str) -> Response:
    """Give a user a password, to be changed at the next sign-in; all sign-ins end"""
    with reading() as session:
        context = users.known_of(session, user_id)
    password = new_password(values.get("new_password"), context, "new_password")
    with transaction() as session:
        changed = users.set_password(session, user_id, password, answers.principal())
    return answers.data(changed)


@blp.put("/<user_id>/roles")
@blp.arguments(UserRoles)
@blp.response(200, UserEnvelope)
def set_user_roles(values: dict[str, Any], user_id: str) -> Response:
    """Give a user these roles and no others; all sign-ins end"""
    with transaction() as session:
        changed = users.set_roles(session, user_id, values["roles"], answers.principal())
    return answers.data(changed)
