"""Doing the same to many, on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, Schema
from app.api.schemas.executions import ExecutionFilter
from app.api.schemas.fields import Flag, Id, Moment, Several, Text, Whole, at_most
from app.api.schemas.lifecycle import Pause, Resume
from app.api.schemas.many.job_lists import JobFilter
from app.services.bulk import MOST, MOST_IDS

_BOUND = "What was made later is not meant. The first answer gives it: send it with the others"
_CURSOR = "next_cursor of the answer before, with the same filter"


def _ids() -> ma.fields.Field[Any]:
    told = {"description": f"Only these, up to {MOST_IDS}"}
    return ma.fields.List(Id(), validate=ma.validate.Length(1, MOST_IDS), metadata=told)


class JobChoice(JobFilter):
    """Which jobs are meant: those that fulfil all of this. Without a field: all jobs."""

    ids = _ids()


class ExecutionChoice(ExecutionFilter):
    """Which executions are meant: those that fulfil all of this. Nothing: all that started."""

    ids = _ids()


class _Going(InputSchema):
    dry_run = Flag(metadata={"description": "Change nothing; say how many there are"})
    limit = Whole(1, MOST, load_default=100, metadata={"description": "So many in this call"})
    cursor = Text(at_most(1000), metadata={"description": _CURSOR})
    created_before = Moment(metadata={"description": _BOUND})


class Jobs(_Going):
    """Jobs to which something is to be done."""

    filter = ma.fields.Nested(JobChoice, required=True, error_messages=MISSING)


class Executions(_Going):
    """Executions to which something is to be done."""

    filter = ma.fields.Nested(ExecutionChoice, required=True, error_messages=MISSING)


class PauseJobs(Jobs, Pause):
    """Jobs to be paused."""

    empty_body = False


class ResumeJobs(Jobs, Resume):
    """Jobs to go on."""

    empty_body = False


class CancelJobs(Jobs):
    """Jobs to be cancelled."""

    force = Flag(metadata={"description": "Kill at once instead of asking first"})


class CancelExecutions(Executions):
    """Executions to be cancelled."""

    force = Flag(metadata={"description": "Kill at once instead of asking first"})


class EditJobs(Jobs):
    """What is to be changed of jobs; what is not named stays."""

    enabled = Flag()
    priority = Whole(1, 10)
    project_id = Id()
    add_tag_ids = Several(Id(), metadata={"description": "Tags that they get"})
    remove_tag_ids = Several(Id(), metadata={"description": "Tags that they lose"})

    @ma.validates_schema
    def _check(self, data: dict[str, Any], **_: Any) -> None:
        names = ("enabled", "priority", "project_id", "add_tag_ids", "remove_tag_ids")
        if not any(name in data for name in names):
            raise ma.ValidationError(f"say what to change: one of {', '.join(names)}")


class OneOut(Schema):
    """One of many, and why it can't take part, or what became of it."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    status = ma.fields.String(metadata={"description": "In a dry run: its state"})
    result = ma.fields.String(metadata={"enum": ["done", "refused", "skipped"]})
    error = ma.fields.String()
    code = ma.fields.String()


class GoneOn(Schema):
    """How far it is. Go on with next_cursor, until that is null."""

    done = ma.fields.Integer()
    refused = ma.fields.Integer(metadata={"description": "Their state, or a right, forbids it"})
    skipped = ma.fields.Integer(
        metadata={"description": "Changed meanwhile: the filter lets them through no more"}
    )
    results = ma.fields.List(ma.fields.Nested(OneOut))
    next_cursor = ma.fields.String(allow_none=True)
    created_before = ma.fields.DateTime()
    matched = ma.fields.Integer(metadata={"description": "In a dry run: how many there are"})
    checked = ma.fields.Integer(
        metadata={"description": "In a dry run: so many of the oldest were tried out"}
    )
    refusals = ma.fields.List(
        ma.fields.Nested(OneOut), metadata={"description": "Those of them that can't take part"}
    )
    samples = ma.fields.List(ma.fields.Nested(OneOut))
