"""The audit log over HTTP: it is read, never changed."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask import Response, stream_with_context

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import listing
from app.api.schemas.oversight import AuditEntryOut, AuditExportQuery, AuditQuery
from app.db import reading
from app.services import audit
from app.services.audit import lists
from app.services.audit.lists import COLUMNS, AuditFilters

blp = Blueprint("audit", __name__, url_prefix="/api/audit", description="Who did what")

#: A spreadsheet takes a text that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@blp.get("")
@blp.arguments(AuditQuery, location="query")
@blp.response(200, listing(AuditEntryOut, "AuditList"))
def list_audit_log(query: dict[str, Any]) -> Response:
    """List rows of the audit log, the newest first"""
    filters, wanted = split(query, AuditFilters)
    with reading() as session:
        return answers.listed(lists.page(session, filters, wanted))


@blp.get("/export")
@blp.arguments(AuditExportQuery, location="query")
@blp.response(200, description="One row a line, the oldest first")
def export_audit_log(query: dict[str, Any]) -> Response:
    """Return all rows that the filters let through, as a file"""
    form = query.pop("format")
    filters, _ = split(query, AuditFilters)
    lists.check(filters)
    audit.tell(format=form, filters=query)
    lines = _csv(lists.walk(filters)) if form == "csv" else _json_lines(lists.walk(filters))
    kind = "text/csv" if form == "csv" else "application/x-ndjson"
    response = Response(stream_with_context(lines), mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="audit-log.{form}"'
    return response


def _json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    return (answers.encode(row) + b"\n" for row in rows)


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(COLUMNS)
    for row in rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow([_cell(row[name]) for name in COLUMNS])
    yield line.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else answers.encode(value).decode().strip('"')
    return f"'{text}" if text.startswith(_FORMULA) else text
