"""Putting jobs to work and to rest."""

from typing import Final

import click

from app.cli.commands import Command
from app.cli.remote import inputs, targets
from app.cli.remote.output import clean, exact, note
from app.cli.remote.session import Remote, remote
from app.cli.remote.wishes import MISFIRE
from app.client.moments import Why


@click.command(cls=Command)
@click.argument("job", nargs=-1, required=True)
@click.option("--reason", metavar="TEXT", help="Shown beside the job.")
@click.option("--until", type=inputs.Moment(), metavar="TIME|+SPAN", help="Then it goes on.")
@remote()
def pause(remote: Remote, job: tuple[str, ...], reason: str | None, until: str | None) -> None:
    """Pause jobs: nothing of them begins but what is started by hand.

    What runs of a recurring job goes on to its end.
    """
    ids = [targets.job_id(remote.client, word) for word in job]

    def pause_one(one: str) -> None:
        remote.client.jobs.pause(one, reason=reason, until=until)

    targets.each(remote, ids, pause_one, "paused")


@click.command(cls=Command)
@click.argument("job", nargs=-1, required=True)
@click.option(
    "--missed", type=click.Choice(MISFIRE), help="What makes up for the moments that passed."
)
@remote()
def resume(remote: Remote, job: tuple[str, ...], missed: str | None) -> None:
    """Let paused jobs go on."""
    ids = [targets.job_id(remote.client, word) for word in job]

    def resume_one(one: str) -> None:
        remote.client.jobs.resume(one, missed=missed)

    targets.each(remote, ids, resume_one, "resumed")


@click.command(cls=Command)
@click.argument("job", nargs=-1, required=True)
@remote()
def start(remote: Remote, job: tuple[str, ...]) -> None:
    """Put jobs to work that wait to be started, were stopped, or have ended."""
    ids = [targets.job_id(remote.client, word) for word in job]
    targets.each(remote, ids, remote.client.jobs.start, "started")


@click.command(cls=Command)
@click.argument("job", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Kill what runs instead of asking it to end.")
@targets.yes_option
@remote()
def stop(remote: Remote, job: tuple[str, ...], *, force: bool, yes: bool) -> None:
    """Stop jobs: their schedules, what waits and what runs. `start` begins them anew."""
    ids = [targets.job_id(remote.client, word) for word in job]
    if len(ids) > 1:
        targets.confirm(f"Stop {len(ids)} jobs?", yes=yes)
    targets.each(remote, ids, lambda one: remote.client.jobs.stop(one, force=force), "stopped")


@click.command(cls=Command)
@click.argument("job")
@click.argument("at", type=inputs.Moment(), metavar="now|TIME|+SPAN")
@remote()
def reschedule(remote: Remote, job: str, at: str) -> None:
    """Move a JOB that runs once to another moment."""
    wanted = targets.job_id(remote.client, job)
    changed = remote.client.jobs.reschedule(wanted, at)
    remote.output.done(changed.wire, f"{changed.id} is due {exact(changed.scheduled_at)}")


@click.command(cls=Command, name="next")
@click.argument("job")
@click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True)
@remote()
def next_moments(remote: Remote, job: str, count: int) -> None:
    """Tell when a JOB is due next."""
    found = remote.client.jobs.next_moments(targets.job_id(remote.client, job), count)
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    if not found:
        note("It is not due: its schedule rests, or it has none.")
    for one in found:
        click.echo(f"{exact(one.utc)}  {one.local}")


@click.command(cls=Command)
@click.argument("job")
@click.option("--at", type=inputs.Moment(), metavar="TIME", help="Which moment.  [default: now]")
@remote()
def why(remote: Remote, job: str, at: str | None) -> None:
    """Tell why a JOB ran at a moment, was late, or did not run."""
    show_why(remote, remote.client.jobs.why(targets.job_id(remote.client, job), at))


def show_why(remote: Remote, found: Why) -> None:
    """Show decisions, one a line."""
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    click.echo(clean(found.answer))
    for step in found.steps:
        click.echo(f"  {exact(step.at) or '-':<24} {step.step:<10} {clean(step.text)}")


COMMANDS: Final = (pause, resume, start, stop, reschedule, next_moments, why)
