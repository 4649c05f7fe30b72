"""When jobs run: from options to a schedule, and from a schedule to a line of text."""

from typing import Any, Final

import click

from app.cli.remote import inputs
from app.cli.remote.output import exact
from app.client import Job

NOT_GIVEN: Final = object()


def schedule(given: dict[str, Any]) -> Any:
    """Return the schedule that options name, ``None`` to run once, or :data:`NOT_GIVEN`.

    ``--schedule null`` says that a job runs once, and leaves it to ``--at`` to say when.
    """
    ways = ("at", "cron", "every", "after", "schedule")
    named = {name: given[name] for name in ways if given[name] is not None}
    is_once = (named.get("schedule") or "").strip() == "null"
    if is_once:
        del named["schedule"]
    if len(named) > 1:
        raise click.UsageError(f"{' and '.join(f'--{n}' for n in named)} all say when; give one.")
    for name, value in named.items():
        if name == "schedule":
            return inputs.json_object(value, "--schedule")
        if name != "at":
            return _made(name, value, given["timezone"])
    return None if is_once else NOT_GIVEN


def _made(name: str, value: Any, zone: str | None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cron": {"type": "cron", "expression": value},
        "every": {"type": "fixed_rate", "interval_seconds": value},
        "after": {"type": "fixed_delay", "delay_seconds": value},
    }[name]
    return made | ({"timezone": zone} if zone else {})


def sentence(wire: dict[str, Any]) -> str:
    """Return a schedule in a few words."""
    kind = wire.get("type")
    if kind == "cron":
        return f"cron {wire['expression']} ({wire.get('timezone')})"
    if kind == "fixed_rate":
        return f"every {wire['interval_seconds']} s"
    if kind == "fixed_delay":
        return f"{wire['delay_seconds']} s after each end"
    return {"once": "once", "manual": "only by hand"}.get(str(kind), str(kind))


def pause(job: Job) -> str:
    """Return since when a job is paused, until when, and why; empty if it is not."""
    if job.paused_at is None:
        return ""
    until = f" until {exact(job.paused_until)}" if job.paused_until else ""
    return f"since {exact(job.paused_at)}{until}" + (
        f": {job.pause_reason}" if job.pause_reason else ""
    )
