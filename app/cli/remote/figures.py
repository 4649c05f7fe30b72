"""The command of a job's figures."""

from typing import Any

import click

from app.cli.commands import Command
from app.cli.remote import targets
from app.cli.remote.output import duration, exact
from app.cli.remote.session import Remote, remote
from app.client import JobStats


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
