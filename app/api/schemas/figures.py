"""Figures of jobs on the wire."""

import marshmallow as ma

from app.api.schemas.common import Schema
from app.api.schemas.fields import QueryWhole
from app.services.jobs.figures import MOST_COUNTED, MOST_DAYS, MOST_IN_A_ROW, RECENT

_RATE = "Completed among completed and failed, 0 to 1; null if there are neither"
_IN_A_ROW = "Due moments that ended badly since the last that completed, retries not counted"
_NEWEST = f"Of what ended since then of the {MOST_IN_A_ROW} latest executions"
_AGO = "However long ago; null if never"


def _count(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, metadata={"description": description})


def _moment(description: str) -> ma.fields.DateTime:
    return ma.fields.DateTime(required=True, allow_none=True, metadata={"description": description})


def _duration(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, allow_none=True, metadata={"description": description})


class Standing(Schema):
    """How a job stands by its latest executions."""

    success_rate = ma.fields.Float(
        allow_none=True, metadata={"description": f"{_RATE}; over the {RECENT} latest executions"}
    )
    consecutive_failures = ma.fields.Integer(
        metadata={"description": f"{_IN_A_ROW}; over the {RECENT} latest executions"}
    )


class StatsQuery(Schema):
    """How far back to count."""

    class Meta:
        unknown = ma.EXCLUDE

    days = QueryWhole(1, MOST_DAYS, load_default=30)


class JobStatsOut(Schema):
    """How a job's due moments ended; each counts once, as its last attempt ended."""

    total = _count("Due moments that ended since then")
    completed = _count("Those that went well")
    failed = _count("Those whose last attempt failed, timed out or is a dead letter")
    cancelled = _count("Those that were cancelled")
    skipped = _count("Those without an attempt; what was made up for counts as that ended")
    missed = _count("Those that nobody could fire in time, whether made up for or not")
    success_rate = ma.fields.Float(required=True, allow_none=True, metadata={"description": _RATE})
    consecutive_failures = _count(f"{_IN_A_ROW}; over the {MOST_IN_A_ROW} latest executions")
    average_duration_ms = _duration("Mean of those that completed since then")
    usual_duration_ms = _duration(f"Median of those that completed of the {RECENT} latest")
    p50_duration_ms = _duration(f"What half of those took at most. {_NEWEST}")
    p95_duration_ms = _duration(f"What 95 of 100 of those took at most. {_NEWEST}")
    p95_lateness_ms = _duration(f"How late 95 of 100 executions started at most. {_NEWEST}")
    last_execution_at = _moment(f"When the last one started. {_AGO}")
    last_success_at = _moment(f"When the last one completed. {_AGO}")
    last_failure_at = _moment(f"When the last one ended badly. {_AGO}")
    since = ma.fields.DateTime(
        required=True,
        metadata={
            "description": "What ended from here on is counted; later than asked for if the "
            f"{MOST_COUNTED} latest executions reach no further"
        },
    )
