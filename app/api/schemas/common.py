"""What the schemas of all resources share."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from app.api.errors import flat_faults
from app.api.schemas.fields import Choice, QueryWhole, Text
from app.services.job_drafts import Draft
from app.services.listing import DEFAULT_LIMIT, MAX_LIMIT

MISSING: dict[str, Any] = {"required": "missing required field", "null": "must not be null"}
_UNKNOWN = "unknown field"


class Schema(ma.Schema):
    """Input or output of the API. In input a name that we don't know is a fault."""

    error_messages = {"unknown": _UNKNOWN, "type": "must be a JSON object"}

    class Meta:
        unknown = ma.RAISE
        ordered = True


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

    def load(self, data: Any, **kwargs: Any) -> Draft:
        """Return the values that are right and the faults of the others."""
        if isinstance(data, dict):
            data = {n: v for n, v in data.items() if v != "" or n not in self.empty_is_absent}
            data |= {n: None for n in self.clearable if data.get(n) == ""}
        try:
            return Draft(super().load(data, **kwargs))
        except ma.ValidationError as error:
            valid = error.valid_data if isinstance(error.valid_data, Mapping) else {}
            return Draft(valid, tuple(flat_faults(error.messages, data)))


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
    made = Schema.from_dict({"data": ma.fields.Nested(schema, required=True)}, name=name)
    return made


def listing(schema: type[ma.Schema], name: str) -> type[ma.Schema]:
    """Return the schema of an answer that holds a page of a list."""
    field = ma.fields.List(ma.fields.Nested(schema), required=True)
    return PageOut.from_dict({"data": field}, name=name)
