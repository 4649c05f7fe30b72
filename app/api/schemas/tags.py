"""Tags on the wire."""

import re

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.fields import Flag, Text
from app.domain.names import clean_name

_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]{3,32}|")


def color(text: str) -> str:
    """Return a colour as written. Raises :class:`ValueError` if it is none."""
    if not _COLOR.fullmatch(text):
        raise ValueError("must be a colour, such as #3b82f6")
    return text


class _TagFields(InputSchema):
    clearable = frozenset({"color"})

    color = Text(color, allow_none=True, metadata={"example": "#3b82f6"})
    is_default = Flag()


class NewTag(_TagFields):
    """A tag to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)


class TagEdit(_TagFields):
    """What is to be changed of a tag."""

    name = Text(clean_name)


class TagOut(Schema):
    """A tag."""

    id = ma.fields.String()
    name = ma.fields.String()
    color = ma.fields.String(allow_none=True)
    is_default = ma.fields.Boolean()
    created_at = ma.fields.DateTime()
