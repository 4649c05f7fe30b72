"""Making and changing jobs."""

from typing import Any

import click

from app.cli.commands import Command
from app.cli.remote import inputs, targets, wishes
from app.cli.remote.output import clean, note, relative
from app.cli.remote.session import Remote, remote, warn
from app.client import Job


@click.command(cls=Command)
@click.option(
    "--file",
    metavar="FILE",
    help=(
        "A file with the whole job as JSON, as the API takes it; - is standard input. "
        "Other options are written over it."
    ),
)
@click.option("--name", help="Its name.")
@click.option("--type", "kind", metavar="TYPE", help="shell, http, …; needed only with --config.")
@wishes.job_options
@click.option("--disabled", is_flag=True, help="Don't run it until it is enabled.")
@click.option("--paused", is_flag=True, help="Make it paused, until: oneoff jobs start JOB")
@remote("--server")
def create(remote: Remote, file: str | None, kind: str | None, **given: Any) -> None:
    """Make a job. It runs now, unless --at, --cron, --every, --after or --schedule says when.

    Prints the job's id.
    """
    body = _from_file(file) if file else {}
    given["enabled"] = False if given.pop("disabled") else None
    given["auto_start"] = False if given.pop("paused") else None
    meant = wishes.kind(given, kind or body.get("type"))
    if meant is None:
        raise click.UsageError(wishes.SAY_WHAT)
    body |= {"type": meant} | wishes.fields(remote.client, given)
    if "name" not in body:
        raise click.UsageError("the job needs a --name.")
    base = body.get("config") or {}
    base = inputs.json_object(base, "--file") if isinstance(base, str) else base
    body["config"] = wishes.over(base, given) if isinstance(base, dict) else base
    if not body.keys() & {"scheduled_at", "immediate", "schedule"}:
        body["scheduled_at"] = "now"
    _made(remote, remote.client.jobs.create_from(body))


def _from_file(path: str) -> dict[str, Any]:
    value = inputs.parsed(inputs.file_text(path, "--file"), "--file")
    if isinstance(value, list):
        hint = "holds a list; make all of them with: oneoff jobs bulk FILE"
        raise click.BadParameter(hint, param_hint="--file")
    if not isinstance(value, dict):
        raise click.BadParameter("must hold a JSON object.", param_hint="--file")
    return value


@click.command(cls=Command)
@click.argument("job")
@click.option("--name", help="Its new name.")
@wishes.job_options
@click.option("--enable/--disable", "enabled", default=None, help="Whether it may run.")
@remote("--server")
def edit(remote: Remote, job: str, **given: Any) -> None:
    """Change a JOB, named by its id or its name. What is not given stays.

    --env and --header add to what there is; --arg and --tag replace all. An empty text clears
    a description or an external id.
    """
    jobs, wanted = remote.client.jobs, targets.job_id(remote.client, job)
    changes = wishes.fields(remote.client, given)
    version = None
    if wishes.speaks_of_config(given):
        present = jobs.get(wanted)
        wishes.kind(given, present.type)
        changes["config"] = wishes.over({} if given["config"] else present.spec, given)
        version = present.version
    if not changes:
        raise click.UsageError("say what to change; see: oneoff jobs edit --help")
    changed = jobs.update(wanted, version=version, **changes)
    _warn(changed)
    remote.output.done(changed.wire, f"changed {changed.id}: now at version {changed.version}")


@click.command(cls=Command)
@click.argument("job")
@click.option("--at", type=inputs.Moment(), metavar="now|TIME|+SPAN", help="When.  [default: now]")
@click.option("--same-schedule", is_flag=True, help="Recurring, like the job it copies.")
@click.option("--name", help="Name of the copy.  [default: the name with ' (clone)']")
@remote()
def clone(
    remote: Remote, job: str, at: str | None, name: str | None, *, same_schedule: bool
) -> None:
    """Make a job like JOB. It runs now, unless --at says when. Prints the new id."""
    if same_schedule and at is not None:
        raise click.UsageError("--same-schedule and --at both say when; give one.")
    wanted = targets.job_id(remote.client, job)
    moment = None if same_schedule else at or "now"
    _made(remote, remote.client.jobs.clone(wanted, moment, name))


def _made(remote: Remote, job: Job) -> None:
    _warn(job)
    if remote.output.as_json:
        remote.output.json(job.wire)
        return
    due = f"it is due {relative(job.next_due_at)}" if job.next_due_at else f"it is {job.status}"
    note(f"Created job {job.name!r}; {due}.")
    click.echo(job.id)


def _warn(job: Job) -> None:
    for warning in job.warnings:
        warn(f"its schedule {clean(warning)}")
