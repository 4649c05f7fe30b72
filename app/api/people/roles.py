"""Roles and permissions over HTTP."""

from typing import Any

import marshmallow as ma
from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import WholeListQuery
from app.api.schemas.roles import NewRole, PermissionOut, RoleEdit, RoleOut, RoleRemoval
from app.api.schemas.system import whole
from app.db import reading, transaction
from app.domain.permissions import PERMISSIONS
from app.services.people import roles

blp = Blueprint("roles", __name__, url_prefix="/api", description="What people may do")

RoleEnvelope = envelope(RoleOut, "RoleEnvelope")
_ONE = "/roles/<role_id>"


@blp.get("/permissions")
@blp.response(200, whole(ma.fields.Nested(PermissionOut), "Permissions"))
def list_permissions() -> Response:
    """List all permissions there are"""
    rows = [{"name": name, "description": text} for name, text in PERMISSIONS.items()]
    return answers.data(rows)


@blp.get("/roles")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(RoleOut, "RoleList"))
def list_roles(query: dict[str, Any]) -> Response:
    """List roles by name"""
    with reading() as session:
        return answers.listed(roles.page(session, wanted(query)))


@blp.post("/roles")
@blp.arguments(NewRole)
@blp.response(201, RoleEnvelope)
def create_role(values: dict[str, Any]) -> Response:
    """Make a role of rights that one has"""
    with transaction() as session:
        made = roles.create(session, values, answers.principal())
    return answers.data(made, 201)


@blp.get(_ONE)
@blp.response(200, RoleEnvelope)
def get_role(role_id: str) -> Response:
    """Return a role"""
    with reading() as session:
        return answers.data(roles.view(session, role_id))


@blp.route(_ONE, methods=["PATCH", "PUT"])
@blp.arguments(RoleEdit)
@blp.response(200, RoleEnvelope)
def update_role(values: dict[str, Any], role_id: str) -> Response:
    """Change a role; it holds within a second"""
    with transaction() as session:
        return answers.data(roles.update(session, role_id, values, answers.principal()))


@blp.delete(_ONE)
@blp.arguments(RoleRemoval, location="query")
@blp.response(204)
def delete_role(query: dict[str, Any], role_id: str) -> Response:
    """Delete a role; if people hold it, they must get another"""
    with transaction() as session:
        roles.delete(session, role_id, query.get("reassign_to"), answers.principal())
    return Response(status=204)
