"""Variables over HTTP: making, changing and listing them.

Making one takes no Idempotency-Key: the body holds what may be a secret, of which not even a hash
is kept. Its name is taken after the first time anyway.
"""

from typing import Any

from flask import Response, g, request

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import envelope, listing
from app.api.variables.schemas import (
    JobVariablesOut,
    NewVariable,
    VariableEdit,
    VariableOut,
    VariableQuery,
)
from app.db import reading, transaction
from app.services import variables
from app.services.access import ANYBODY, Principal
from app.services.variables import Filters

blp = Blueprint("variables", __name__, url_prefix="/api", description="Named values for configs")

VariableEnvelope = envelope(VariableOut, "VariableEnvelope")
_ALL, _ONE = "/variables", "/variables/<variable_id>"
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "The version that was read; 409 if there is a newer one",
}


@blp.get(_ALL)
@blp.arguments(VariableQuery, location="query")
@blp.response(200, listing(VariableOut, "VariableList"))
def list_variables(query: dict[str, Any]) -> Response:
    """List variables by name"""
    filters, wanted = split(query, Filters)
    with reading() as session:
        return answers.listed(variables.page(session, _who(), filters, wanted))


@blp.post(_ALL)
@blp.arguments(NewVariable)
@blp.response(201, VariableEnvelope)
def create_variable(values: dict[str, Any]) -> Response:
    """Make a variable"""
    with transaction() as session:
        made = variables.create(session, _who(), values)
    return answers.data(made, 201, made["version"])


@blp.get(_ONE)
@blp.response(200, VariableEnvelope)
def get_variable(variable_id: str) -> Response:
    """Return a variable"""
    with reading() as session:
        found = variables.wire(variables.get(session, _who(), variable_id))
    return answers.data(found, etag=found["version"])


@blp.route(_ONE, methods=["PATCH", "PUT"])
@blp.doc(parameters=[_IF_MATCH])
@blp.arguments(VariableEdit)
@blp.response(200, VariableEnvelope)
def update_variable(values: dict[str, Any], variable_id: str) -> Response:
    """Change a variable, for executions that start from now on"""
    version = request.headers.get("If-Match")
    with transaction() as session:
        changed = variables.update(session, _who(), variable_id, values, version)
    return answers.data(changed, etag=changed["version"])


@blp.delete(_ONE)
@blp.response(204)
def delete_variable(variable_id: str) -> Response:
    """Delete a variable"""
    with transaction() as session:
        variables.delete(session, _who(), variable_id)
    return Response(status=204)


@blp.get("/jobs/<job_id>/variables")
@blp.response(200, JobVariablesOut)
def list_job_variables(job_id: str) -> Response:
    """List the variables that apply to a job, with where each comes from"""
    with reading() as session:
        return answers.data(variables.of_job(session, _who(), job_id))


def _who() -> Principal:
    who: Principal = g.get("principal", ANYBODY)
    return who
