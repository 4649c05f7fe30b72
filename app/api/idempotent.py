"""Idempotency-Key: a request that is sent twice makes its row once.

A view that creates or starts something passes its work through :func:`once`, inside its unit
of work, and says so in the API document::

    @blp.post("")
    @blp.doc(parameters=[idempotent.HEADER])
    @blp.arguments(NewTag)
    @blp.response(201, TagEnvelope)
    def create_tag(values):
        with transaction() as session:
            made = idempotent.once(session, lambda: {"data": tags.create(session, values)})
        return answers.answer(made, 201)

``once`` returns what the work returned, and keeps that as JSON in the same transaction, with
``status`` (201 unless given). If the key is known ``once`` does not return: the stored answer
goes out with ``Idempotent-Replayed: true``, or the caller gets 409. Without the header the work
is simply done.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from flask import Response, abort, request

from app.api import answers
from app.db import reading, transaction
from app.domain.errors import invalid
from app.services import idempotency

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

T = TypeVar("T")

NAME: Final = "Idempotency-Key"
#: The header as it stands in the API document.
HEADER: Final = {
    "in": "header",
    "name": NAME,
    "required": False,
    "description": "Any text of 1 to 255 printable characters. Sent again within 24 hours with "
    "the same body, the first answer is repeated and nothing is made twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


def once(session: "Session", work: Callable[[], T], status: int = 201) -> T:
    """Do the work unless this request was answered before; see the module's docstring."""
    asked = _asked()
    if asked is None:
        return work()
    stored = idempotency.begin(session, asked)
    if stored is not None:
        abort(_replay(stored))
    made = work()
    body = answers.encode(made).decode()
    idempotency.finish(session, asked, idempotency.Answer(status, body))
    return made


def of_many(work: Callable[["idempotency.Request | None"], T]) -> T:
    """Do what is many units of work unless it was answered before.

    The work is given the request, and takes a part of it in each of its units of work; so what a
    call did that broke off is not done again either.
    """
    asked = _asked()
    if asked is None:
        return work(None)
    with reading() as session:
        stored = idempotency.known(session, asked)
    if stored is not None:
        abort(_replay(stored))
    made = work(asked)
    body = answers.encode({"data": made}).decode()
    with transaction() as session:
        if idempotency.begin(session, asked) is None:
            idempotency.finish(session, asked, idempotency.Answer(200, body))
    return made


def _asked() -> idempotency.Request | None:
    key = request.headers.get(NAME)
    if key is None:
        return None
    if not (1 <= len(key) <= 255 and key.isprintable()):
        raise invalid(NAME, "must be 1 to 255 printable characters", key)
    digest = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    return idempotency.Request(answers.caller(), key, request.method, request.path, digest)


def _replay(stored: idempotency.Answer) -> Response:
    headers = {"Idempotent-Replayed": "true"}
    return Response(stored.body, stored.status, headers, mimetype="application/json")
