"""Stretches of time on the wire."""

import marshmallow as ma

from app.api.schemas.common import MISSING, Schema
from app.api.schemas.fields import QueryFlag, QueryMoment, QueryWhole
from app.services.timeline import MOST_BUCKETS, MOST_MOMENTS
from app.services.usage.heat import MOST_HOURS, MOST_JOBS


class TimelineQuery(Schema):
    """Which stretch of time, and how finely."""

    class Meta:
        unknown = ma.EXCLUDE

    first = QueryMoment(data_key="from", required=True, error_messages=MISSING)
    last = QueryMoment(data_key="to", required=True, error_messages=MISSING)
    bucket_seconds = QueryWhole(
        1,
        86_400,
        load_default=900,
        metadata={"description": f"At most {MOST_BUCKETS} buckets may come of it"},
    )


class BucketOut(Schema):
    """What started in a bucket of time and has ended, and what is planned in it."""

    at = ma.fields.DateTime(required=True, metadata={"description": "Its beginning"})
    completed = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(
        required=True, metadata={"description": "Failed, timed out or a dead letter"}
    )
    cancelled = ma.fields.Integer(required=True)
    planned = ma.fields.Integer(
        required=True, metadata={"description": "Moments to come, up to planned_until"}
    )


_UNTIL = {"description": f"Nothing is left out up to here; at most {MOST_MOMENTS} are counted"}


class TimelineOut(Schema):
    """A stretch of time in buckets."""

    buckets = ma.fields.List(ma.fields.Nested(BucketOut), required=True)
    bucket_seconds = ma.fields.Integer(required=True)
    planned_until = ma.fields.DateTime(required=True, metadata=_UNTIL)


class PlannedQuery(Schema):
    """How far ahead, and how much."""

    class Meta:
        unknown = ma.EXCLUDE

    last = QueryMoment(data_key="to", required=True, error_messages=MISSING)
    limit = QueryWhole(1, MOST_MOMENTS, load_default=50)
    only_next = QueryFlag(
        load_default=False, metadata={"description": "But the next moment of each job"}
    )


class MomentOut(Schema):
    """A moment at which a job is due."""

    at = ma.fields.DateTime(required=True)
    job_id = ma.fields.String(required=True)
    job_name = ma.fields.String(required=True)
    type = ma.fields.String(required=True)
    project_id = ma.fields.String(required=True)


class PlannedOut(Schema):
    """Moments to come, the next first."""

    moments = ma.fields.List(ma.fields.Nested(MomentOut), required=True)
    planned_until = ma.fields.DateTime(
        required=True, metadata={"description": "Nothing is left out up to here"}
    )


class TroublesQuery(Schema):
    """How far back to look."""

    class Meta:
        unknown = ma.EXCLUDE

    hours = QueryWhole(1, 168, load_default=24)


class TroubleOut(Schema):
    """What went wrong alike for a job, with the newest as an example."""

    status = ma.fields.String(required=True, metadata={"enum": ["failed", "timeout", "skipped"]})
    error_code = ma.fields.String(required=True, allow_none=True)
    error = ma.fields.String(required=True, allow_none=True)
    reason = ma.fields.String(
        required=True, allow_none=True, metadata={"description": "Why it was skipped"}
    )
    count = ma.fields.Integer(
        required=True, metadata={"description": "Executions, or moments that were missed"}
    )
    first_at = ma.fields.DateTime(required=True)
    last_at = ma.fields.DateTime(required=True)
    execution_id = ma.fields.String(required=True)
    number = ma.fields.Integer(required=True)
    job_id = ma.fields.String(required=True)
    job_name = ma.fields.String(required=True)
    type = ma.fields.String(required=True, metadata={"description": "Of the job"})


class HeatQuery(Schema):
    """Which hours."""

    class Meta:
        unknown = ma.EXCLUDE

    first = QueryMoment(data_key="from", required=True, error_messages=MISSING)
    last = QueryMoment(
        data_key="to",
        required=True,
        error_messages=MISSING,
        metadata={"description": f"At most {MOST_HOURS} hours later"},
    )


def _by_hour(description: str) -> ma.fields.List[int]:
    return ma.fields.List(ma.fields.Integer(), required=True, metadata={"description": description})


class HeatJobOut(Schema):
    """What ended of a job, by the hour."""

    job_id = ma.fields.String(required=True)
    job_name = ma.fields.String(required=True)
    runs = _by_hour("How many executions ended in each hour")
    failed = _by_hour("How many of them failed, timed out or became a dead letter")


class HeatOut(Schema):
    """What ended in each hour, by job."""

    since = ma.fields.DateTime(required=True, metadata={"description": "When the first one began"})
    hours = ma.fields.Integer(required=True)
    jobs = ma.fields.List(
        ma.fields.Nested(HeatJobOut),
        required=True,
        metadata={"description": f"At most {MOST_JOBS}: those that failed most"},
    )
    more_jobs = ma.fields.Boolean(
        required=True, metadata={"description": "Whether others were left out"}
    )
