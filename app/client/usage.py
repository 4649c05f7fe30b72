"""What executions and jobs take and use."""

from datetime import datetime

from app.client.things import Thing


class Sample(Thing):
    """What an execution used at a moment; 200 percent of CPU are two cores."""

    timestamp: datetime
    cpu_percent: float
    memory_bytes: int
    memory_percent: float | None = None


class WholeUsage(Thing):
    """What an execution used as a whole, as far as that is known."""

    cpu_seconds: float | None = None
    max_cpu_percent: float | None = None
    max_rss_bytes: int | None = None
    mean_rss_bytes: int | None = None


class ExecutionMetrics(Thing):
    """The samples of an execution, about every two seconds from its first second on."""

    data: list[Sample]
    status: str
    usage: WholeUsage


class RunCounts(Thing):
    """How many executions ended, and how; ``success_rate`` is from 0 to 1."""

    run_count: int
    success_count: int
    failure_count: int
    timeout_count: int
    cancelled_count: int
    success_rate: float | None = None


class BucketMetrics(RunCounts):
    """What ended in an hour or a day of UTC; durations are of those that completed."""

    period_start: datetime
    avg_duration_ms: int | None = None
    p50_duration_ms: int | None = None
    p95_duration_ms: int | None = None
    max_duration_ms: int | None = None
    avg_cpu_percent: float | None = None
    max_cpu_percent: float | None = None
    avg_memory_bytes: int | None = None
    max_memory_bytes: int | None = None


class JobMetrics(Thing):
    """What a job's executions took and used; there is no bucket where nothing ended."""

    bucket: str
    since: datetime
    until: datetime
    updated_at: datetime | None = None
    total: RunCounts
    buckets: list[BucketMetrics]


class Dashboard(Thing):
    """The installation at a glance; what is said of executions is of all time."""

    active_jobs: int
    running_now: int
    success_rate: float | None = None
    total_failures: int
    average_duration_ms: float
    uptime_ms: int
