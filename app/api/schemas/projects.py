"""Projects on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Flag, Id, QueryFlag, QueryWhole, Text, at_most
from app.api.schemas.tags import color
from app.domain.names import clean_name
from app.services.listing import MAX_LIMIT


class _ProjectFields(InputSchema):
    clearable = frozenset({"description", "color", "icon"})

    description = Text(at_most(10_000), allow_none=True)
    color = Text(color, allow_none=True, metadata={"example": "#6366f1"})
    icon = Text(at_most(64), allow_none=True)
    is_archived = Flag()


class NewProject(_ProjectFields):
    """A project to be made."""

    name = Text(clean_name, required=True, error_messages=MISSING)


class ProjectEdit(_ProjectFields):
    """What is to be changed of a project."""

    name = Text(clean_name)


class WholeListQuery(PageQuery):
    """A list that fits on one page unless it is very long."""

    limit = QueryWhole(1, MAX_LIMIT, load_default=MAX_LIMIT)


class ProjectQuery(WholeListQuery):
    """Which projects are wanted."""

    include_archived = QueryFlag(load_default=False)


class ProjectRemoval(Schema):
    """What becomes of a deleted project's jobs."""

    class Meta:
        unknown = ma.EXCLUDE

    reassign_to = Id(metadata={"description": "Its jobs move to this project; else they go too"})


class ProjectOut(Schema):
    """A project."""

    id = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    color = ma.fields.String(allow_none=True)
    icon = ma.fields.String(allow_none=True)
    is_archived = ma.fields.Boolean()
    job_count = ma.fields.Integer()
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()
