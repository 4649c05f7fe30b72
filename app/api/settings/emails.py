"""E-mails over HTTP: what was and will be sent."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import envelope, listing
from app.api.schemas.mail import MailOut, MailQuery
from app.db import reading, transaction
from app.services.notifications import history

blp = Blueprint("emails", __name__, url_prefix="/api", description="What was and will be sent")

MailEnvelope = envelope(MailOut, "EmailEnvelope")


@blp.get("/emails")
@blp.arguments(MailQuery, location="query")
@blp.response(200, listing(MailOut, "EmailList"))
def list_emails(query: dict[str, Any]) -> Response:
    """List e-mails, the newest first"""
    filters, page = split(query, history.MailFilters)
    with reading() as session:
        return answers.listed(history.page(session, filters, page))


@blp.get("/emails/<email_id>")
@blp.response(200, MailEnvelope)
def get_email(email_id: str) -> Response:
    """Return an e-mail"""
    with reading() as session:
        return answers.data(history.wire(history.get(session, email_id)))


@blp.post("/emails/<email_id>/retry")
@blp.response(200, MailEnvelope)
def retry_email(email_id: str) -> Response:
    """Send an e-mail that failed once more"""
    with transaction() as session:
        again = history.retry(session, email_id)
    return answers.data(again)
