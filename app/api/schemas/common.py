"""What the schemas of all resources share."""

from typing import Any

import marshmallow as ma

from app.api.errors import flat_faults
from app.api.schemas.fields import Choice, QueryWhole, Text
from app.domain.errors import Fault, shorten
from app.services.jobs.drafts import Draft
from app.services.listing import DEFAULT_LIMIT, MAX_LIMIT

MISSING: dict[str, Any] = {"required": "missing required field", "null": "must not be null"}
_UNKNOWN = "unknown field"
#: Of a field that gives something to somebody else.
NEW_OWNER: dict[str, Any] = {
    "description": "The new owner: an active user, such as user:ann",
    "example": "user:ann",
}


class Schema(ma.Schema):
    """Input or output of the API. In input a name that we don't know is a fault."""

    error_messages = {"unknown": _UNKNOWN, "type": "must be a JSON object"}

    class Meta:
        unknown = ma.RAISE
        ordered = True


class WordsOut(Schema):
    """The same in two languages."""

    en = ma.fields.String()
    vi = ma.fields.String()


class InputSchema(Schema):
    """Input in which null means "not given", but for the fields in ``clearable``."""

    clearable: frozenset[str] = frozenset()

    @ma.pre_load
    def _drop_nulls(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {n: v for n, v in data.items() if v is not None or n in self.clearable}


class DraftSchema(InputSchema):
    """Input of which all faults are listed together with those found later."""

    #: Empty texts in these are as if not given.
    empty_is_absent: frozenset[str] = frozenset()

    def load(self, data: Any, **_: Any) -> Draft:
        """Return the values that are right and the faults of the others."""
        if not isinstance(data, dict):
            return Draft({}, (Fault("", "must be a JSON object", shorten(data)),))
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, value in data.items():
            try:
                self._take(values, name, value)
            except ma.ValidationError as error:
                faults += flat_faults(error.messages, value, shorten(name))
        given = values.keys() | {fault.field.split(".")[0] for fault in faults}
        missing = (n for n, field in self.load_fields.items() if field.required)
        faults += [Fault(name, MISSING["required"]) for name in missing if name not in given]
        return Draft(values, tuple(faults))

    def _take(self, values: dict[str, Any], name: str, value: Any) -> None:
        field = self.load_fields.get(name)
        if field is None:
            raise ma.ValidationError(_UNKNOWN)
        if name in self.clearable:
            values[name] = None if value is None or value == "" else field.deserialize(value)
        elif value is not None and not (value == "" and name in self.empty_is_absent):
            values[name] = field.deserialize(value)


class PageQuery(Schema):
    """Which page of a list is wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    limit = QueryWhole(1, MAX_LIMIT, load_default=DEFAULT_LIMIT)
    offset = QueryWhole(0, 10**12, load_default=0)
    cursor = Text(metadata={"description": "next_cursor of the page before; not with offset"})
    sort_order = Choice("asc", "desc")


class PageOut(Schema):
    """What lists add to their data."""

    total = ma.fields.Integer(required=True)
    total_is_capped = ma.fields.Boolean(
        metadata={"description": "There are more than total; beyond 10,000 nobody counts"}
    )
    limit = ma.fields.Integer(required=True)
    offset = ma.fields.Integer(required=True)
    next_cursor = ma.fields.String(required=True, allow_none=True)


def envelope(schema: type[ma.Schema], name: str) -> type[ma.Schema]:
    """Return the schema of an answer that holds one thing."""
    return Schema.from_dict({"data": ma.fields.Nested(schema, required=True)}, name=name)


def listing(schema: type[ma.Schema], name: str) -> type[ma.Schema]:
    """Return the schema of an answer that holds a page of a list."""
    field = ma.fields.List(ma.fields.Nested(schema), required=True)
    return PageOut.from_dict({"data": field}, name=name)


class MessageOut(Schema):
    """What was done."""

    message = ma.fields.String()
    status = ma.fields.String()
