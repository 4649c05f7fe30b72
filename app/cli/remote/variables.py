"""The commands of variables. A value is never an argument: others on the machine could read it."""

import sys
from collections.abc import Callable
from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import inputs, lists, targets
from app.cli.remote.output import exact, relative
from app.cli.remote.session import Remote, fail, remote
from app.client import Variable
from app.domain.ids import normalise_id
from app.domain.variables import GLOBAL, JOB, PROJECT

_project = click.option("--project", metavar="NAME|ID", help="The one of this project.")
_job = click.option("--job", metavar="NAME|ID", help="The one of this job.")
_LOOK: lists.Look = (
    ("ID", "NAME", "VALUE", "SENSITIVE", "SCOPE", "OF", "CHANGED", "DESCRIPTION"),
    lambda v: (
        v.id,
        v.name,
        _line(v.value),
        v.is_sensitive,
        v.scope,
        v.job_id or v.project_id,
        relative(v.updated_at),
        v.description,
    ),
    "There are no such variables. Make one: oneoff variables set NAME",
)


@click.group(cls=Group)
def variables() -> None:
    """Look after named values that the configs of jobs refer to as ${NAME}.

    A variable is named by its id, or by its name: that of all jobs, unless you say --project or
    --job.
    """


@variables.command(name="list")
@click.option("--project", metavar="NAME|ID", help="Those of this project.")
@click.option("--job", metavar="NAME|ID", help="All that apply to this job.")
@click.option("--scope", type=click.Choice([GLOBAL, PROJECT, JOB]))
@click.option("--search", metavar="TEXT", help="In names and descriptions.")
@lists.list_options
@remote()
def list_variables(remote: Remote, job: str | None, project: str | None, **given: Any) -> None:
    """List variables."""
    if job is not None:
        _refuse_filters(given, project)
        _list_of_job(remote, targets.job_id(remote.client, job))
        return
    query = lists.window(given)
    if project is not None:
        query["project_id"] = targets.project_id(remote.client, project)
    lists.show_list(remote, remote.client.variables.list, query, _LOOK)


@variables.command(name="show")
@click.argument("variable")
@_project
@_job
@remote()
def show_variable(remote: Remote, variable: str, project: str | None, job: str | None) -> None:
    """Show a VARIABLE. Of a sensitive one the value stays hidden."""
    place = _place(remote, project, job)
    found = remote.client.variables.get(_found(remote, variable, place).id)
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    plain = ("id", "name", "value", "scope", "project_id", "job_id", "description", "created_by")
    values = {name: getattr(found, name) for name in plain} | {"sensitive": found.is_sensitive}
    remote.output.pairs(
        values | {"created": exact(found.created_at), "changed": exact(found.updated_at)}
    )


@variables.command(name="set")
@click.argument("name")
@click.argument("source", required=False, type=click.Choice(["-"]), metavar="[-]")
@click.option("--value-file", metavar="FILE", help="A file with the value; - is standard input.")
@click.option("--sensitive/--plain", default=None, help="Whether its value is hidden for good.")
@click.option("--description", metavar="TEXT")
@_project
@_job
@remote("--server")
def set_variable(remote: Remote, name: str, **given: Any) -> None:
    """Make the variable NAME, or change it. Its value is asked for, unless a file or - is given.

    With - it is read from standard input. A line end at its end is no part of it. Executions that
    start from then on get it.
    """
    if given["source"] and given["value_file"]:
        raise click.UsageError("- and --value-file exclude each other.")
    place = _place(remote, given["project"], given["job"])
    present = _find(remote, name, place)
    fields = {n: given[n] for n in ("description",) if given[n] is not None}
    if given["sensitive"] is not None:
        fields["is_sensitive"] = given["sensitive"]
    is_sensitive = fields.get("is_sensitive", present is not None and present.is_sensitive)
    value = _value(given["source"] or given["value_file"], name, is_sensitive=is_sensitive)
    client = remote.client.variables
    if present is None:
        owner: dict[str, Any] = {n: v for n, v in place.items() if n != "scope"}
        made = client.create(name, value, **fields, **owner)
        remote.output.done(made.wire, made.id)
    else:
        changed = client.update(present.id, value=value, **fields)
        remote.output.done(changed.wire, f"changed {changed.id}")


@variables.command(name="delete")
@click.argument("variable")
@_project
@_job
@targets.yes_option
@remote()
def delete_variable(
    remote: Remote, variable: str, project: str | None, job: str | None, *, yes: bool
) -> None:
    """Delete a VARIABLE. Jobs that name it fail from then on, or find another of its name."""
    wanted = _found(remote, variable, _place(remote, project, job)).id
    targets.confirm(f"Delete variable {variable}?", yes=yes)
    targets.each(remote, [wanted], remote.client.variables.delete, "deleted")


def _place(remote: Remote, project: str | None, job: str | None) -> dict[str, str]:
    """Return which scope is meant, as the filter of a list."""
    if project is not None and job is not None:
        raise click.UsageError("--project and --job exclude each other.")
    if job is not None:
        return {"scope": JOB, "job_id": targets.job_id(remote.client, job)}
    if project is not None:
        return {"scope": PROJECT, "project_id": targets.project_id(remote.client, project)}
    return {"scope": GLOBAL}


def _find(remote: Remote, word: str, place: dict[str, str]) -> Variable | None:
    query: Any = {**place, "search": word}
    named = (v for v in remote.client.variables.walk(**query) if v.name == word)
    return next(named, None)


def _found(remote: Remote, word: str, place: dict[str, str]) -> Variable:
    known = normalise_id(word) if word != targets.DEFAULT else None
    if known:
        return remote.client.variables.get(known)
    where = {PROJECT: " of this project", JOB: " of this job"}.get(place["scope"], " of all jobs")
    return _find(remote, word, place) or fail(f"there is no variable{where} named {word[:100]!r}")


def _value(path: str | None, name: str, *, is_sensitive: bool) -> str:
    """Return the value from a file, from standard input, or from the person at the terminal."""
    if path is not None:
        text = inputs.file_text(path, "--value-file")
        return text.removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here: give --value-file FILE, or -.")
    ask: Callable[..., str] = click.prompt
    return ask(
        f"Value of {name}",
        hide_input=is_sensitive,
        confirmation_prompt=is_sensitive,
        default="" if not is_sensitive else None,
        show_default=False,
        err=True,
    )


def _refuse_filters(given: dict[str, Any], project: str | None) -> None:
    if project is not None or given["scope"] or given["search"]:
        raise click.UsageError("--job lists all that apply to a job; it takes no other filter.")


def _list_of_job(remote: Remote, job_id: str) -> None:
    found = remote.client.variables.of_job(job_id)
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    columns = ("NAME", "VALUE", "SENSITIVE", "FROM", "COUNTS", "ID")
    rows = (
        (v.name, _line(v.value), v.is_sensitive, v.scope, not v.overridden, v.id) for v in found
    )
    remote.output.table(columns, rows)


def _line(value: str) -> str:
    """Return so much of a value as a table has room for."""
    text = value.replace("\n", "⏎")
    return text if len(text) <= 40 else text[:39] + "…"
