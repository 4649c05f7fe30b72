"""API keys over HTTP: people look after their own, holders of user:manage after all.

Making and rotating take no Idempotency-Key: the answer holds the key itself, which is kept nowhere.
"""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.api_keys import (
    ApiKeyEdit,
    ApiKeyOut,
    NewApiKey,
    NewApiKeyOut,
    RevokedOut,
    Rotation,
)
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import WholeListQuery
from app.db import reading, transaction
from app.services.api_keys import wire
from app.services.people import keys

blp = Blueprint(
    "api_keys",
    __name__,
    url_prefix="/api/api-keys",
    description="Keys for programs: one's own, with user:manage all",
)

ApiKeyEnvelope = envelope(ApiKeyOut, "ApiKeyEnvelope")
NewApiKeyEnvelope = envelope(NewApiKeyOut, "NewApiKeyEnvelope")


@blp.get("")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(ApiKeyOut, "ApiKeyList"))
def list_api_keys(query: dict[str, Any]) -> Response:
    """List keys, the newest first"""
    with reading() as session:
        return answers.listed(keys.page(session, wanted(query), answers.principal()))


@blp.post("")
@blp.arguments(NewApiKey)
@blp.response(201, NewApiKeyEnvelope)
def create_api_key(values: dict[str, Any]) -> Response:
    """Make a key; this answer alone holds it"""
    with transaction() as session:
        made = keys.create(session, values, answers.principal())
    return answers.data(made, 201)


@blp.get("/<key_id>")
@blp.response(200, ApiKeyEnvelope)
def get_api_key(key_id: str) -> Response:
    """Return a key without the key itself"""
    with reading() as session:
        return answers.data(wire(keys.get(session, key_id, answers.principal())))


@blp.route("/<key_id>", methods=["PATCH", "PUT"])
@blp.arguments(ApiKeyEdit)
@blp.response(200, ApiKeyEnvelope)
def update_api_key(values: dict[str, Any], key_id: str) -> Response:
    """Change a key"""
    with transaction() as session:
        changed = keys.update(session, key_id, values, answers.principal())
    return answers.data(changed)


@blp.delete("/<key_id>")
@blp.response(204)
def delete_api_key(key_id: str) -> Response:
    """Delete a key"""
    with transaction() as session:
        keys.delete(session, key_id, answers.principal())
    return Response(status=204)


@blp.post("/<key_id>/revoke")
@blp.response(200, envelope(RevokedOut, "RevokedEnvelope"))
def revoke_api_key(key_id: str) -> Response:
    """Make a key useless for good"""
    with transaction() as session:
        keys.revoke(session, key_id, answers.principal())
    return answers.data({"status": "revoked"})


@blp.post("/<key_id>/rotate")
@blp.arguments(Rotation)
@blp.response(200, NewApiKeyEnvelope)
def rotate_api_key(values: dict[str, Any], key_id: str) -> Response:
    """Make a new key in the place of this one, which is revoked at once or after a while"""
    overlap = values.get("overlap_seconds", 0)
    with transaction() as session:
        made = keys.rotate(session, key_id, overlap, answers.principal())
    return answers.data(made)
