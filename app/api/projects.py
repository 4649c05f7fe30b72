"""Projects over HTTP."""

from typing import Any

from flask import Response

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import (
    NewProject,
    ProjectEdit,
    ProjectOut,
    ProjectQuery,
    ProjectRemoval,
)
from app.db import reading, transaction
from app.services import projects

blp = Blueprint("projects", __name__, url_prefix="/api/projects", description="Owners of jobs")

ProjectEnvelope = envelope(ProjectOut, "ProjectEnvelope")


@blp.get("")
@blp.arguments(ProjectQuery, location="query")
@blp.response(200, listing(ProjectOut, "ProjectList"))
def list_projects(query: dict[str, Any]) -> Response:
    """List projects by name"""
    archived = query.pop("include_archived")
    with reading() as session:
        return answers.listed(projects.page(session, wanted(query), include_archived=archived))


@blp.post("")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(NewProject)
@blp.response(201, ProjectEnvelope)
def create_project(values: dict[str, Any]) -> Response:
    """Make a project"""
    with transaction() as session:
        made = idempotent.once(session, lambda: {"data": projects.create(session, values)})
    return answers.answer(made, 201)


@blp.get("/<project_id>")
@blp.response(200, ProjectEnvelope)
def get_project(project_id: str) -> Response:
    """Return a project"""
    with reading() as session:
        return answers.data(projects.view(session, project_id))


@blp.route("/<project_id>", methods=["PATCH", "PUT"])
@blp.arguments(ProjectEdit)
@blp.response(200, ProjectEnvelope)
def update_project(values: dict[str, Any], project_id: str) -> Response:
    """Change a project"""
    with transaction() as session:
        return answers.data(projects.update(session, project_id, values))


@blp.delete("/<project_id>")
@blp.arguments(ProjectRemoval, location="query")
@blp.response(204)
def delete_project(query: dict[str, Any], project_id: str) -> Response:
    """Delete a project, with its jobs unless they are reassigned"""
    with transaction() as session:
        projects.delete(session, project_id, query.get("reassign_to"))
    return Response(status=204)
