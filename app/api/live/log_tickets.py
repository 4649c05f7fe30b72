"""Tickets for sockets, for those that can't send a key with one."""

from typing import Any

import marshmallow as ma
from flask import Response, g

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import Schema, envelope
from app.db import reading
from app.services import execution_lists
from app.services.access import ANYBODY, Principal
from app.services.live import tickets

blp = Blueprint(
    "log_tickets", __name__, url_prefix="/api/executions", description="Watching output live"
)


class TicketOut(Schema):
    """What lets one socket in."""

    ticket = ma.fields.String(
        required=True, metadata={"description": "For ?ticket= of the socket's address; used once"}
    )
    expires_at = ma.fields.String(required=True, metadata={"format": "date-time"})


@blp.post("/<execution_id>/logs/ticket")
@blp.response(201, envelope(TicketOut, "LogTicketEnvelope"))
def create_log_ticket(execution_id: str) -> Response:
    """Return a ticket for WS /api/executions/:id/logs/live, good for 30 s and one socket"""
    who: Principal = g.get("principal", ANYBODY)
    with reading() as session:
        known = execution_lists.get(session, execution_id).id
    ticket, expires_at = tickets.issue(who, known)
    made: dict[str, Any] = {"ticket": ticket, "expires_at": expires_at}
    return answers.data(made, 201)
