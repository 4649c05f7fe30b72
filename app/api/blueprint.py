"""The blueprint all resources use: strict bodies, forgiving queries, documented errors."""

from typing import Any, NoReturn

import flask_smorest
import marshmallow as ma
from flask import Request
from webargs.core import is_json
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from app.api.errors import flat_faults
from app.domain.errors import Invalid, invalid
from app.domain.texts import json_text

MAX_BODY_BYTES = 10 * 1024**2
MAX_FIELDS = 200
#: Words that stand for "not given" in a query.
_ABSENT = {"", "null", "undefined"}


class Parser(FlaskParser):
    """Reads requests. A schema may say ``empty_body``, ``takes_list`` and ``max_body_bytes``."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the object in the body."""
        req.max_content_length = getattr(schema, "max_body_bytes", MAX_BODY_BYTES)
        body = req.get_data(cache=True)
        if not body.strip():
            if getattr(schema, "empty_body", False):
                return {}
            raise invalid("", "a JSON object is needed in the body")
        if not is_json(req.mimetype) or req.content_encoding not in {None, "identity"}:
            raise UnsupportedMediaType
        value = _read(body)
        if not isinstance(value, (dict, list) if getattr(schema, "takes_list", False) else dict):
            raise invalid("", "the body must be a JSON object", value)
        if isinstance(value, dict) and len(value) > MAX_FIELDS:
            raise invalid("", f"the body has more than {MAX_FIELDS} fields")
        return value

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Return the query without what is empty."""
        given = [(name, value) for name, value in req.args.items(multi=True)]
        return self._makeproxy(MultiDict([g for g in given if g[1] not in _ABSENT]), schema)

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any
    ) -> NoReturn:
        """Refuse with all faults at once."""
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        faults = [f for part in messages.values() for f in flat_faults(part, error.data)]
        raise Invalid(faults) from None


def _read(body: bytes) -> Any:
    try:
        value = json_text.read(body)
    except json_text.UnreadableError as error:
        raise invalid("", str(error)) from None
    if json_text.may_hold_bad_characters(body):
        faults = list(json_text.character_faults(value))
        if faults:
            raise Invalid(faults)
    return value


class Blueprint(flask_smorest.Blueprint):
    """A blueprint with our parser; operations are called as their functions are."""

    ARGUMENTS_PARSER = Parser()

    def arguments(self, schema: Any, **kwargs: Any) -> Any:
        """Read a request by this schema, made once and not anew for each request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **kwargs)

    def _store_endpoint_docs(
        self, endpoint: str, obj: Any, parameters: Any, tags: Any, **options: Any
    ) -> None:
        super()._store_endpoint_docs(endpoint, obj, parameters, tags, **options)
        for method, doc in self._docs[endpoint].items():
            if method == "parameters":
                continue
            name = f"put_{endpoint}" if method == "put" else endpoint
            manual = doc.setdefault("manual_doc", {})
            manual.setdefault("operationId", _camel(name))
            manual.setdefault("responses", {}).setdefault("default", "DEFAULT_ERROR")


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
