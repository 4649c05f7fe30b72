"""Dead letters on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import InputSchema, PageQuery, Schema
from app.api.schemas.fields import (
    Choice,
    Flag,
    Id,
    Moment,
    QueryMoment,
    QueryWhole,
    Text,
    Whole,
    at_most,
)
from app.services.dead_letters import DAYS, MAX_BATCH
from app.services.listing import DEFAULT_LIMIT, MAX_LIMIT

_NAME = at_most(64)
_TAGS = {"description": "Any of them"}


def _filters(moment: Any) -> dict[str, Any]:
    """Return the fields that narrow dead letters; moments are read as this kind."""
    first, last = {"description": "Earliest end"}, {"description": "Latest end"}
    return {
        "job_id": Id(),
        "project_id": Id(),
        "tag_id": ma.fields.List(Id(), validate=ma.validate.Length(max=100), metadata=_TAGS),
        "type": Text(_NAME, metadata={"description": "Type of the job"}),
        "error_code": Text(_NAME),
        "fingerprint": Text(_NAME),
        "date_from": moment(data_key="from", metadata=first),
        "date_to": moment(data_key="to", metadata=last),
    }


class _Query(Schema):
    class Meta:
        unknown = ma.EXCLUDE

    limit = QueryWhole(1, MAX_LIMIT, load_default=DEFAULT_LIMIT)
    offset = QueryWhole(0, 10**12, load_default=0)


class _Page(PageQuery):
    sort_by = Choice("completed_at")


class _Batch(InputSchema):
    dry_run = Flag(metadata={"description": "Change nothing; say how many there are"})
    limit = Whole(1, MAX_BATCH, load_default=MAX_BATCH)


DeadLetterQuery = _Page.from_dict(_filters(QueryMoment), name="DeadLetterQuery")
GroupQuery = _Query.from_dict(_filters(QueryMoment), name="DeadLetterGroupQuery")
Batch = _Batch.from_dict(_filters(Moment), name="DeadLetterBatch")


class StatsQuery(Schema):
    """Of which project the figures are wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    project_id = Id()


class GroupOut(Schema):
    """Dead letters whose errors are alike, with the newest of them as an example."""

    fingerprint = ma.fields.String()
    count = ma.fields.Integer()
    first_at = ma.fields.DateTime()
    last_at = ma.fields.DateTime()
    by_day = ma.fields.List(
        ma.fields.Integer(),
        metadata={"description": f"How many in each of the last {DAYS} days, today's the last"},
    )
    execution_id = ma.fields.String()
    job_id = ma.fields.String()
    job_name = ma.fields.String()
    error = ma.fields.String(allow_none=True)
    error_code = ma.fields.String(allow_none=True)


class DeadLetterStatsOut(Schema):
    """How many dead letters wait, and how many executions failed or ran out of time."""

    dead = ma.fields.Integer()
    failed = ma.fields.Integer()
    timeout = ma.fields.Integer()


class Replay(InputSchema):
    """How to replay."""

    empty_body = True

    force = Flag(metadata={"description": "Also what was replayed before"})


class RefusalOut(Schema):
    """A dead letter that stays on the list."""

    id = ma.fields.String()
    error = ma.fields.String()


class BatchOut(Schema):
    """What became of some dead letters; call again while some remain and some are done."""

    done = ma.fields.Integer()
    refused = ma.fields.Integer()
    remaining = ma.fields.Integer(metadata={"description": "That the filters still let through"})
    executions = ma.fields.List(ma.fields.String(), metadata={"description": "Made by a replay"})
    refusals = ma.fields.List(ma.fields.Nested(RefusalOut), metadata={"description": "Up to 100"})
