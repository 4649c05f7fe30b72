"""The commands of jobs."""

import json
from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import (
    bulk,
    figures,
    job_edits,
    lifecycle,
    revisions,
    runs,
    sync,
    targets,
    timing,
)
from app.cli.remote.lists import list_options, show_list, window
from app.cli.remote.many import acts, job_filters
from app.cli.remote.output import clean, duration, exact, relative
from app.cli.remote.session import Remote, remote
from app.client import Job


@click.group(cls=Group)
def jobs() -> None:
    """Make jobs, look at them, start and cancel them, on a running server.

    A job is named by its id, or by its exact name if only one job has it.
    """


for command in (
    *(job_edits.create, job_edits.edit, job_edits.clone, runs.run, runs.try_out, bulk.bulk),
    *lifecycle.COMMANDS,
    revisions.revisions,
    revisions.restore,
    sync.sync,
    figures.stats,
    acts.act_on_jobs,
    figures.job_metrics,
):
    jobs.add_command(command)


@jobs.command(name="list")
@job_filters.options
@click.option("--sort", "sort_by", type=click.Choice(job_filters.ORDERS))
@list_options
@remote()
def list_jobs(remote: Remote, **given: Any) -> None:
    """List jobs."""
    query = job_filters.query(remote.client, window(given))
    columns = ("ID", "NAME", "TYPE", "STATUS", "DUE", "PRIORITY", "LAST")
    nothing = "There are no such jobs. Make one: oneoff jobs create --help"
    show_list(remote, remote.client.jobs.list, query, (columns, _row, nothing))


def _row(job: Job) -> tuple[Any, ...]:
    last = job.last_execution
    due = relative(job.next_due_at) if job.status == "scheduled" else ""
    ended = relative(last.completed_at or last.started_at) if last else ""
    status = job.status if job.enabled else f"{job.status} (disabled)"
    return (
        *(job.id, job.name, job.type, status, due, job.priority),
        f"{last.status}, {ended}" if last and ended else "",
    )


@jobs.command()
@click.argument("job")
@remote()
def show(remote: Remote, job: str) -> None:
    """Show a JOB."""
    found = remote.client.jobs.get(targets.job_id(remote.client, job))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    remote.output.pairs(_all_of(found))
    for name, value in found.spec.items():
        if value not in (None, "", [], {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"\n{name}:\n" + "\n".join(f"  {clean(one)}" for one in text.split("\n")))


def _all_of(job: Job) -> dict[str, Any]:
    last = job.last_execution
    how = f"{last.status}, execution {last.id}" if last else ""
    return {
        "id": job.id,
        "name": job.name,
        "description": job.description,
        "type": job.type,
        "status": job.status,
        "enabled": job.enabled,
        "scheduled at": exact(job.scheduled_at),
        "next due": exact(job.next_due_at),
        "schedule": timing.sentence(job.schedule),
        "paused": timing.pause(job),
        "missed moments": job.misfire if job.schedule.get("type") != "once" else "",
        "time zone": job.timezone,
        "priority": job.priority,
        "project": job.project_id,
        "tags": [tag.name for tag in job.tags],
        "queue": job.queue,
        "timeout": f"{job.timeout_seconds} s" if job.timeout_seconds else "",
        "if its worker dies": job.on_lost,
        "if it overlaps": job.overlap,
        "if it fails": _retry(job.retry),
        "external id": job.external_id,
        "keeps": job.keep_last,
        "writes to": job.notify_emails and f"{job.notify_emails} ({job.notify_on})",
        "retention days": job.retention_days,
        "last execution": how,
        "last started": exact(last.started_at) if last else "",
        "last error": last.error if last else "",
        "usually takes": duration(job.usual_duration_ms),
        "success rate": figures.percent(job.success_rate),
        "failures in a row": job.consecutive_failures or "",
        "created": f"{exact(job.created_at)} by {job.created_by or 'nobody'}",
        "changed": exact(job.updated_at),
        "version": job.version,
    }


def _retry(policy: dict[str, Any] | None) -> str:
    if policy is None:
        return ""
    name = policy.get("preset") or policy.get("strategy")
    return f"retry up to {policy['max_retries']} times ({name})"


@jobs.command()
@click.argument("job", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Kill what runs instead of asking it to end.")
@targets.yes_option
@remote()
def cancel(remote: Remote, job: tuple[str, ...], *, force: bool, yes: bool) -> None:
    """Cancel jobs: what waits at once, what runs by ending it."""
    ids = [targets.job_id(remote.client, word) for word in job]
    if len(ids) > 1:
        targets.confirm(f"Cancel {len(ids)} jobs?", yes=yes)
    targets.each(remote, ids, lambda one: remote.client.jobs.cancel(one, force=force), "cancelled")


@jobs.command()
@click.argument("job", nargs=-1, required=True)
@targets.yes_option
@remote()
def delete(remote: Remote, job: tuple[str, ...], *, yes: bool) -> None:
    """Delete jobs with all their executions."""
    ids = [targets.job_id(remote.client, word) for word in job]
    what = f"job {job[0]}" if len(ids) == 1 else f"{len(ids)} jobs"
    targets.confirm(f"Delete {what} with all executions and their output?", yes=yes)
    targets.each(remote, ids, remote.client.jobs.delete, "deleted")
