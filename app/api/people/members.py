"""Members of projects over HTTP."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import WholeListQuery
from app.api.schemas.users import UserOut
from app.db import reading, transaction
from app.services.people import members

blp = Blueprint(
    "members",
    __name__,
    url_prefix="/api/projects/<project_id>/members",
    description="Those who see and start what belongs to a project",
)


@blp.get("")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(UserOut, "MemberList"))
def list_members(query: dict[str, Any], project_id: str) -> Response:
    """List the members of a project by name"""
    with reading() as session:
        found = members.page(session, project_id, wanted(query), answers.principal())
    return answers.listed(found)


@blp.put("/<user_id>")
@blp.response(200, envelope(UserOut, "MemberEnvelope"))
def add_member(project_id: str, user_id: str) -> Response:
    """Make a user a member of a project"""
    with transaction() as session:
        added = members.add(session, project_id, user_id, answers.principal())
    return answers.data(added)


@blp.delete("/<user_id>")
@blp.response(204)
def remove_member(project_id: str, user_id: str) -> Response:
    """Have a user be no member any more"""
    with transaction() as session:
        members.remove(session, project_id, user_id, answers.principal())
    return Response(status=204)
