"""The commands of figures: how jobs went, and what executions take and use."""

from typing import Any

import click

from app.cli.commands import Command
from app.cli.remote import targets
from app.cli.remote.output import duration, exact
from app.cli.remote.session import Remote, remote
from app.client import BucketMetrics, ExecutionMetrics, JobStats, Sample
from app.domain.clock import to_wire


@click.command(cls=Command)
@click.argument("job")
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True)
@remote()
def stats(remote: Remote, job: str, days: int) -> None:
    """Show how often a JOB went well in the last days, and how long it takes.

    Due moments are counted, each as its last attempt ended.
    """
    found = remote.client.jobs.stats(targets.job_id(remote.client, job), days)
    if remote.output.as_json:
        remote.output.json(found.wire)
    else:
        remote.output.pairs(_all_of(found))


def _all_of(found: JobStats) -> dict[str, Any]:
    return {
        "since": exact(found.since),
        "ended": f"{found.total:,}",
        "completed": f"{found.completed:,}",
        "failed": f"{found.failed:,}",
        "cancelled": f"{found.cancelled:,}",
        "skipped": f"{found.skipped:,}",
        "missed": f"{found.missed:,}",
        "success rate": percent(found.success_rate),
        "failures in a row": f"{found.consecutive_failures:,}",
        "mean duration": duration(found.average_duration_ms),
        "usually takes": duration(found.usual_duration_ms),
        "last started": exact(found.last_execution_at),
        "last success": exact(found.last_success_at),
        "last failure": exact(found.last_failure_at),
    }


def percent(rate: float | None) -> str:
    """Return a part of 1 in percent, never 100 % of what is less: ``99.9 %``."""
    if rate is None:
        return ""
    return f"{int(rate * 1000 + 1e-6) / 10:g} %"


@click.command(name="metrics", cls=Command)
@click.argument("job")
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True)
@click.option("--by", "bucket", type=click.Choice(["day", "hour"]), default="day")
@remote()
def job_metrics(remote: Remote, job: str, days: int, bucket: str) -> None:
    """Show what a JOB took and used in the last days, by the day or hour (UTC).

    Durations are of executions that completed; 200 % of CPU are two cores.
    """
    found = remote.client.jobs.metrics(targets.job_id(remote.client, job), days, bucket)
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    columns = ("FROM", "RUNS", "FAILED", "SUCCESS", "P50", "P95", "CPU", "CPU MAX", "MEMORY", "MAX")
    if found.buckets:
        remote.output.table(columns, map(_bucket, found.buckets))
    else:
        click.echo("Nothing has ended in this time.")


def _bucket(one: BucketMetrics) -> tuple[Any, ...]:
    return (
        to_wire(one.period_start)[:16].replace("T", " "),
        f"{one.run_count:,}",
        f"{one.failure_count:,}",
        percent(one.success_rate),
        duration(one.p50_duration_ms),
        duration(one.p95_duration_ms),
        *map(_share, (one.avg_cpu_percent, one.max_cpu_percent)),
        *map(size, (one.avg_memory_bytes, one.max_memory_bytes)),
    )


@click.command(name="metrics", cls=Command)
@click.argument("execution")
@remote()
def execution_metrics(remote: Remote, execution: str) -> None:
    """Show what an EXECUTION uses, about every two seconds from its first second on."""
    found = remote.client.executions.metrics(targets.execution_id(execution))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    if found.data:
        remote.output.table(("TIME", "CPU", "MEMORY", "OF ALL"), map(_sample, found.data))
        click.echo()
    whole = _whole(found)
    if any(whole.values()):
        remote.output.pairs(whole)
    elif not found.data:
        click.echo("Nothing is known of what it uses.")


def _sample(one: Sample) -> tuple[Any, ...]:
    return (
        to_wire(one.timestamp)[11:19],
        _share(one.cpu_percent),
        size(one.memory_bytes),
        _share(one.memory_percent),
    )


def _whole(found: ExecutionMetrics) -> dict[str, Any]:
    usage = found.usage
    return {
        "CPU time": "" if usage.cpu_seconds is None else f"{usage.cpu_seconds:.2f} s",
        "CPU at most": _share(usage.max_cpu_percent),
        "memory on the mean": size(usage.mean_rss_bytes),
        "memory at most": size(usage.max_rss_bytes),
    }


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} %"


def size(count: int | None) -> str:
    """Return a number of bytes in mebibytes: ``12.5 MiB``."""
    return "" if count is None else f"{count / 1024**2:,.1f} MiB"
