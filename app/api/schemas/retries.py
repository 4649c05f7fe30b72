"""Retry policies on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import Schema
from app.domain.retry import PRESETS, RetryPolicy


class Retry(ma.fields.Raw):
    """A retry policy as an object, or the name of a preset; the service judges what is in it."""

    def __init__(self, **kwargs: Any) -> None:
        text = f"A policy, or one of {', '.join(PRESETS)}; null for none"
        super().__init__(allow_none=True, metadata={"description": text}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str | dict):
            raise ma.ValidationError("must be a JSON object, or the name of a preset")
        if isinstance(value, str) and value not in PRESETS:
            raise ma.ValidationError(f"must be one of: {', '.join(PRESETS)}")
        return value


_FIELDS = RetryPolicy.model_json_schema()["properties"]


class RetryOut(Schema):
    """How a job is tried again, with all values that its policy stands for."""

    preset = ma.fields.String(metadata={"enum": [*PRESETS]})
    max_retries = ma.fields.Integer(metadata={"minimum": 0, "maximum": 1000})
    strategy = ma.fields.String(metadata={"enum": _FIELDS["strategy"]["enum"]})
    base_seconds = ma.fields.Float()
    factor = ma.fields.Float()
    cap_seconds = ma.fields.Float()
    delays = ma.fields.List(ma.fields.Float())
    jitter = ma.fields.Float(metadata={"description": "The share of a delay that may be added"})
    retry_on = ma.fields.List(ma.fields.String())
