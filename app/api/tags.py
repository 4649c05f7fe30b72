"""Tags over HTTP."""

from typing import Any

from flask import Response

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import WholeListQuery
from app.api.schemas.tags import NewTag, TagEdit, TagOut
from app.db import reading, transaction
from app.services import tags

blp = Blueprint("tags", __name__, url_prefix="/api/tags", description="Labels of jobs")

TagEnvelope = envelope(TagOut, "TagEnvelope")


@blp.get("")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(TagOut, "TagList"))
def list_tags(query: dict[str, Any]) -> Response:
    """List tags by name"""
    with reading() as session:
        return answers.listed(tags.page(session, wanted(query)))


@blp.post("")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(NewTag)
@blp.response(201, TagEnvelope)
def create_tag(values: dict[str, Any]) -> Response:
    """Make a tag"""
    with transaction() as session:
        made = idempotent.once(session, lambda: {"data": tags.create(session, values)})
    return answers.answer(made, 201)


@blp.get("/<tag_id>")
@blp.response(200, TagEnvelope)
def get_tag(tag_id: str) -> Response:
    """Return a tag"""
    with reading() as session:
        return answers.data(tags.view(session, tag_id))


@blp.route("/<tag_id>", methods=["PATCH", "PUT"])
@blp.arguments(TagEdit)
@blp.response(200, TagEnvelope)
def update_tag(values: dict[str, Any], tag_id: str) -> Response:
    """Change a tag"""
    with transaction() as session:
        return answers.data(tags.update(session, tag_id, values))


@blp.delete("/<tag_id>")
@blp.response(204)
def delete_tag(tag_id: str) -> Response:
    """Delete a tag; jobs lose it"""
    with transaction() as session:
        tags.delete(session, tag_id)
    return Response(status=204)
