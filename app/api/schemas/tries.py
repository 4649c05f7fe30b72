"""What is tried before a job is made of it, on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, DraftSchema, Schema
from app.api.schemas.fields import Id, ObjectOrText, Text, Whole
from app.api.schemas.jobs import CONFIG, queue_name
from app.domain.names import clean_name
from app.domain.specs import SPECS
from app.domain.specs.base import MAX_TIMEOUT_SECONDS


class TryJob(DraftSchema):
    """What is to be run once, to see whether it does what it should."""

    empty_is_absent = frozenset({"name", "project_id", "queue", "priority"})

    name = Text(clean_name, metadata={"description": "Of the job that is being written"})
    type = Text(required=True, error_messages=MISSING, metadata={"enum": sorted(SPECS)})
    config = ObjectOrText(required=True, error_messages=MISSING, metadata=CONFIG)
    project_id = Id(metadata={"description": "Whose variables it is given"})
    queue = Text(queue_name)
    priority = Whole(0, 10, "priority must be between 1 and 10")
    timeout_seconds = Whole(1, MAX_TIMEOUT_SECONDS)


class TriedOut(Schema):
    """What was started: a job that is forgotten after a day."""

    job_id = ma.fields.String(required=True)
    execution_id = ma.fields.String(required=True)
    status = ma.fields.String(required=True)
