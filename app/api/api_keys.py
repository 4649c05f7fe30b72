"""API keys over HTTP; all of it needs the scope admin.

Making and rotating take no Idempotency-Key: the answer holds the key itself, which is kept nowhere.
"""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.api_keys import ApiKeyEdit, ApiKeyOut, NewApiKey, NewApiKeyOut, RevokedOut
from app.api.schemas.common import envelope, listing
from app.api.schemas.projects import WholeListQuery
from app.db import reading, transaction
from app.services import api_keys

blp = Blueprint(
    "api_keys", __name__, url_prefix="/api/api-keys", description="Keys for programs (scope admin)"
)

ApiKeyEnvelope = envelope(ApiKeyOut, "ApiKeyEnvelope")
NewApiKeyEnvelope = envelope(NewApiKeyOut, "NewApiKeyEnvelope")


@blp.get("")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(ApiKeyOut, "ApiKeyList"))
def list_api_keys(query: dict[str, Any]) -> Response:
    """List keys, the newest first"""
    with reading() as session:
        return answers.listed(api_keys.page(session, wanted(query)))


@blp.post("")
@blp.arguments(NewApiKey)
@blp.response(201, NewApiKeyEnvelope)
def create_api_key(values: dict[str, Any]) -> Response:
    """Make a key; this answer alone holds it"""
    with transaction() as session:
        made = api_keys.create(session, values, answers.actor())
    return answers.data(made, 201)


@blp.get("/<key_id>")
@blp.response(200, ApiKeyEnvelope)
def get_api_key(key_id: str) -> Response:
    """Return a key without the key itself"""
    with reading() as session:
        return answers.data(api_keys.wire(api_keys.get(session, key_id)))


@blp.route("/<key_id>", methods=["PATCH", "PUT"])
@blp.arguments(ApiKeyEdit)
@blp.response(200, ApiKeyEnvelope)
def update_api_key(values: dict[str, Any], key_id: str) -> Response:
    """Change a key"""
    with transaction() as session:
        changed = api_keys.update(session, key_id, values)
    return answers.data(changed)


@blp.delete("/<key_id>")
@blp.response(204)
def delete_api_key(key_id: str) -> Response:
    """Delete a key"""
    with transaction() as session:
        api_keys.delete(session, key_id)
    return Response(status=204)


@blp.post("/<key_id>/revoke")
@blp.response(200, envelope(RevokedOut, "RevokedEnvelope"))
def revoke_api_key(key_id: str) -> Response:
    """Make a key useless for good"""
    with transaction() as session:
        api_keys.revoke(session, key_id)
    return answers.data({"status": "revoked"})


@blp.post("/<key_id>/rotate")
@blp.response(200, NewApiKeyEnvelope)
def rotate_api_key(key_id: str) -> Response:
    """Make a new key in the place of this one, which is revoked"""
    with transaction() as session:
        made = api_keys.rotate(session, key_id, answers.actor())
    return answers.data(made)
