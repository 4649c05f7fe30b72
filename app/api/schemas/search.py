"""What is looked for by a few letters, and what is found, on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, Schema
from app.api.schemas.fields import Choice, QueryWhole, Text, at_most
from app.services.finding import KINDS, LONGEST, MOST


class SearchQuery(Schema):
    """What is looked for."""

    class Meta:
        unknown = ma.EXCLUDE

    q = Text(
        at_most(LONGEST),
        required=True,
        error_messages=MISSING,
        metadata={
            "description": "Part of a name, of an error of late, or the first 8 digits of an id;"
            " #412 finds executions by number, and 'nightly #412' those of a job",
            "example": "nightly",
        },
    )
    limit = QueryWhole(1, MOST, load_default=8, metadata={"description": "Hits of each kind"})
    kind = ma.fields.List(
        Choice(*KINDS),
        load_default=list(KINDS),
        metadata={"description": "Only these kinds; may be given several times"},
    )


class HitOut(Schema):
    """Something that was found."""

    kind = ma.fields.String(required=True, metadata={"enum": list(KINDS)})
    id = ma.fields.String(
        required=True, metadata={"description": "Of an error: the fingerprint of its dead letters"}
    )
    title = ma.fields.String(required=True)
    subtitle = ma.fields.String(
        metadata={"description": "A project, a job, an address, or what an error says"}
    )
    status = ma.fields.String(metadata={"description": "off: a disabled job or person"})
    reason = ma.fields.String()
    type = ma.fields.String(metadata={"description": "Of the job"})
    job_id = ma.fields.String()
    at = ma.fields.DateTime(metadata={"description": "When it began, or was last seen"})
    count = ma.fields.Integer(metadata={"description": "Of an error: dead letters that wait"})


class NamesOut(Schema):
    """The jobs there are, by name."""

    jobs = ma.fields.List(ma.fields.Nested(HitOut), required=True)
    is_complete = ma.fields.Boolean(
        required=True, metadata={"description": "Whether these are all; over 5,000 none are told"}
    )
