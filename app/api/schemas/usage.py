"""What executions used, on the wire."""

import marshmallow as ma

from app.api.schemas.common import Schema
from app.api.schemas.fields import Choice, QueryMoment, QueryWhole
from app.domain import execution_state as state
from app.services.usage.rollups import PERIODS
from app.services.usage.views import MOST_DAYS

_OF_A_CORE = "Of one core: 200 is two cores"
_DONE = "Of those that completed"


def _whole(description: str, *, null: bool = False) -> ma.fields.Integer:
    return ma.fields.Integer(required=True, allow_none=null, metadata={"description": description})


def _float(description: str) -> ma.fields.Float:
    return ma.fields.Float(required=True, allow_none=True, metadata={"description": description})


class SamplesQuery(Schema):
    """Which samples are wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    after = QueryMoment(metadata={"description": "Only those later than this"})


class SampleOut(Schema):
    """What an execution used at a moment."""

    timestamp = ma.fields.DateTime(required=True)
    cpu_percent = ma.fields.Float(
        required=True, metadata={"description": f"Since the sample before. {_OF_A_CORE}"}
    )
    memory_bytes = _whole("Resident memory of all its processes, or of its container")
    memory_percent = _float("Of the machine's memory, or of the container's limit")


class WholeUsageOut(Schema):
    """What an execution used as a whole, as far as that is known."""

    cpu_seconds = _float("User and system time, once it has ended")
    max_cpu_percent = _float(f"The greatest of the samples, once it has ended. {_OF_A_CORE}")
    max_rss_bytes = _whole("Its peak memory, once it has ended", null=True)
    mean_rss_bytes = _whole("The mean over its time, if it was sampled", null=True)


class SamplesOut(Schema):
    """The samples of an execution, the first first."""

    data = ma.fields.List(ma.fields.Nested(SampleOut), required=True)
    status = ma.fields.String(required=True, metadata={"enum": list(state.STATUSES)})
    usage = ma.fields.Nested(WholeUsageOut, required=True)


class JobMetricsQuery(Schema):
    """How far back, and how finely."""

    class Meta:
        unknown = ma.EXCLUDE

    days = QueryWhole(1, MOST_DAYS, load_default=30, metadata={"example": 7})
    bucket = Choice(*PERIODS, load_default="day")


class RunCounts(Schema):
    """How many executions ended, and how; attempts count each."""

    run_count = _whole("Those that had started")
    success_count = _whole("Those that completed")
    failure_count = _whole("Those that failed, timed out or are dead letters")
    timeout_count = _whole("Those of the failures that timed out")
    cancelled_count = _whole("Those that were cancelled")
    success_rate = _float("Completed among completed and failed, 0 to 1; null if neither")


class BucketMetricsOut(RunCounts):
    """What ended in an hour or a day."""

    period_start = ma.fields.DateTime(required=True)
    avg_duration_ms = _whole(_DONE, null=True)
    p50_duration_ms = _whole(f"{_DONE}: the median, by the nearest rank", null=True)
    p95_duration_ms = _whole(f"{_DONE}: 95 % took no longer, by the nearest rank", null=True)
    max_duration_ms = _whole(_DONE, null=True)
    avg_cpu_percent = _float(f"CPU time by the time they took. {_OF_A_CORE}")
    max_cpu_percent = _float("The greatest of the samples, or of the means of short ones")
    avg_memory_bytes = _whole("Mean of their means, or of the peaks of short ones", null=True)
    max_memory_bytes = _whole("The greatest peak", null=True)


class JobMetricsOut(Schema):
    """What a job's executions took and used, in buckets; none where nothing ended."""

    bucket = ma.fields.String(required=True, metadata={"enum": list(PERIODS)})
    since = ma.fields.DateTime(required=True, metadata={"description": "Hours and days are UTC's"})
    until = ma.fields.DateTime(required=True)
    updated_at = ma.fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "What has ended since may be missing; null: nothing is counted"},
    )
    total = ma.fields.Nested(RunCounts, required=True)
    buckets = ma.fields.List(ma.fields.Nested(BucketMetricsOut), required=True)


class DashboardOut(Schema):
    """The installation at a glance; what is said of executions is of all time."""

    active_jobs = _whole("Jobs that wait for their moment or are at work")
    running_now = _whole("Executions at work")
    success_rate = _float("Completed among completed and failed, 0 to 1; null if neither")
    total_failures = _whole("Executions that failed, timed out or became dead letters")
    average_duration_ms = ma.fields.Float(
        required=True, metadata={"description": "Mean of completed executions; 0 before the first"}
    )
    uptime_ms = _whole("Since the process that answers began")
