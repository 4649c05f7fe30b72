"""The audit log of requests: every change and every denial leaves one row.

A request that may change something opens a record once the gate has let it in; its row is written
with its first commit. After the answer is made, those that left none get theirs: refusals,
failures, and what changed nothing in the database.
"""

from typing import Any, Final

import orjson
from flask import Flask, Response, g, request

from app.api import answers
from app.api.gate.address import client_address
from app.api.trace import trace_id
from app.domain.ids import normalise_id
from app.services import audit
from app.services.audit import answers as rows
from app.services.audit import records
from app.services.audit.folding import Fold
from app.services.audit.notes import MOST_NAME
from app.services.audit.records import Record, Target

#: They are sent with POST, and change nothing.
READINGS: Final = frozenset({"log_tickets.create_log_ticket", "schedules.preview_schedule"})
#: The services behind them note in words of their own who has signed in or out, and who failed to.
TOLD: Final = frozenset(
    {
        "me.change_password",
        "me.sign_out_everywhere",
        "pages.take_sign_in",
        "sign_in.log_in",
        "sign_in.log_out",
        "sign_in.renew_tokens",
    }
)
#: Reading these is a deed of its own.
WATCHED: Final = frozenset({"audit.export_audit_log", "audit.list_audit_log"})
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: So many names of a body's fields are told.
_MOST_FIELDS: Final = 50
_MOST_LENGTH: Final = 64
#: A longer body is not read twice.
_MOST_READ: Final = 64 * 1024
#: Which argument of an address names the object, and what that is.
_TARGETS: Final = {
    "key_id": "api_key",
    "name": "queue",
}


#: Arguments that name a part of the object before them.
_PARTS: Final = frozenset({"version"})


def install(app: Flask) -> None:
    """Have requests leave rows. To be installed behind the gate, so that denied ones open none."""
    audit.listen()
    fold = Fold()
    app.extensions["audit_fold"] = fold
    app.before_request(_begin)
    app.after_request(lambda response: _finish(fold, response))
    app.teardown_request(lambda _error: records.end())


def _begin() -> None:
    records.end()  # a thread may have left one
    if _is_deed():
        g.record = _new_record()
        records.begin(g.record)


def _is_deed() -> bool:
    if request.endpoint is None or request.endpoint in READINGS | TOLD:
        return False
    return request.method not in _READS or request.endpoint in WATCHED


def _new_record() -> Record:
    who = g.get("principal")
    deed = audit.Deed(
        actor=answers.actor(),
        user_id=getattr(who, "user_id", None),
        key_id=getattr(who, "key_id", None),
        address=client_address(),
        trace_id=trace_id(),
        via=_way(),
    )
    return Record(deed, _action(), _target(), _shown())


def _way() -> str:
    """Return whether our page asks, as browsers say of what their pages ask for, or a program."""
    return "page" if request.headers.get("Sec-Fetch-Site") == "same-origin" else "api"


def _action() -> str:
    return request.endpoint or f"{request.method} (no such address)"


def _target() -> Target | None:
    """Return the object that the address names, by the last of its arguments."""
    for name, value in reversed((request.view_args or {}).items()):
        if name in _PARTS:
            continue
        kind = _TARGETS.get(name) or name.removesuffix("_id")
        text = str(value)[:MOST_NAME]
        return Target(kind, normalise_id(text) or text if name.endswith("_id") else text)
    return None


def _shown() -> dict[str, Any]:
    """Return what a request shows by itself: the names of its fields, never their values."""
    if not request.is_json or not 0 < (request.content_length or 0) <= _MOST_READ:
        return {}
    try:
        body = orjson.loads(request.get_data(cache=True))
    except Exception:
        return {}
    if isinstance(body, list):
        return {"items": len(body)}
    if not isinstance(body, dict):
        return {}
    return {"fields": sorted(name[:_MOST_LENGTH] for name in body)[:_MOST_FIELDS]}


def _finish(fold: Fold, response: Response) -> Response:
    """Write the row of a request that has left none; never changes the answer."""
    status = response.status_code
    record = g.pop("record", None)
    if record is None and _is_denial(status):
        record = _new_record()
    if record is not None and not _is_done(record, response):
        _write(fold, record, response)
    rows.write_counted(fold.due())
    return response


def _is_denial(status: int) -> bool:
    """Return whether somebody who said who he is was turned away. A stranger's try is none."""
    shown = "Authorization" in request.headers or "X-API-Key" in request.headers
    return status == 403 or (status == 401 and shown)


def _is_done(record: Record, response: Response) -> bool:
    """Return whether nothing is left to tell: the row is there, or the answer is an old one."""
    if "Idempotent-Replayed" in response.headers:
        return True
    if response.status_code == 401 and not _is_denial(401):
        return True
    return record.is_written and response.status_code < 400


def _write(fold: Fold, record: Record, response: Response) -> None:
    status = response.status_code
    code = _code(response) if status >= 400 else ""
    is_alike = status >= 400 or request.endpoint == "audit.list_audit_log"
    if is_alike and not fold.admits(rows.alike(record, status, code)):
        return
    rows.write(record, status, code)


def _code(response: Response) -> str:
    try:
        return str(orjson.loads(response.get_data()).get("code", ""))
    except Exception:
        return ""
