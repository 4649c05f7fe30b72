"""The commands of projects and tags."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import targets
from app.cli.remote.output import exact, note, relative
from app.cli.remote.session import Remote, remote
from app.client import Project, Tag

_color = click.option("--color", metavar="COLOR", help="Such as #3b82f6.")
_icon = click.option("--icon", metavar="NAME")
_description = click.option("--description", metavar="TEXT")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _changes(values: dict[str, Any]) -> dict[str, Any]:
    found = _given(values)
    if not found:
        raise click.UsageError("say what to change; see --help")
    return found


@click.group(cls=Group)
def projects() -> None:
    """Look after projects, the owners of jobs. One is named by its id or its name."""


@projects.command(name="list")
@click.option("--archived", is_flag=True, help="Also those that are archived.")
@remote()
def list_projects(remote: Remote, *, archived: bool) -> None:
    """List projects."""
    found = [*remote.client.projects.walk(include_archived=archived)]
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    rows = ((p.id, p.name, p.job_count, p.is_archived, p.description) for p in found)
    remote.output.table(("ID", "NAME", "JOBS", "ARCHIVED", "DESCRIPTION"), rows)


@projects.command(name="create")
@click.argument("name")
@_description
@_color
@_icon
@remote()
def create_project(remote: Remote, name: str, **given: Any) -> None:
    """Make a project called NAME. Prints its id."""
    _made(remote, remote.client.projects.create(name, **_given(given)))


@projects.command(name="show")
@click.argument("project")
@remote()
def show_project(remote: Remote, project: str) -> None:
    """Show a PROJECT."""
    found = remote.client.projects.get(targets.project_id(remote.client, project))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    plain = ("id", "name", "description", "color", "icon")
    values = {name: getattr(found, name) for name in plain}
    values |= {"archived": found.is_archived, "jobs": found.job_count}
    values |= {"created": exact(found.created_at), "changed": exact(found.updated_at)}
    remote.output.pairs(values)


@projects.command(name="edit")
@click.argument("project")
@click.option("--name")
@_description
@_color
@_icon
@click.option("--archive/--unarchive", "is_archived", default=None)
@remote()
def edit_project(remote: Remote, project: str, **given: Any) -> None:
    """Change a PROJECT. What is not given stays; an empty text clears."""
    changes = _changes(given)
    wanted = targets.project_id(remote.client, project)
    changed = remote.client.projects.update(wanted, **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@projects.command(name="delete")
@click.argument("project")
@click.option("--reassign-to", metavar="NAME|ID", help="Move its jobs to this project.")
@targets.yes_option
@remote()
def delete_project(remote: Remote, project: str, reassign_to: str | None, *, yes: bool) -> None:
    """Delete a PROJECT, with its jobs and their executions unless they are reassigned."""
    client = remote.client
    wanted = targets.project_id(client, project)
    heir = targets.project_id(client, reassign_to) if reassign_to else None
    jobs = f"move its jobs to {reassign_to}" if heir else "delete all its jobs and executions"
    targets.confirm(f"Delete project {project} and {jobs}?", yes=yes)
    targets.each(remote, [wanted], lambda one: client.projects.delete(one, heir), "deleted")


@click.group(cls=Group)
def tags() -> None:
    """Look after tags, the labels of jobs. One is named by its id or its name."""


@tags.command(name="list")
@remote()
def list_tags(remote: Remote) -> None:
    """List tags."""
    found = [*remote.client.tags.walk()]
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
    elif not found:
        note("There are no tags. Make one: oneoff tags create NAME")
    else:
        rows = ((t.id, t.name, t.color, relative(t.created_at)) for t in found)
        remote.output.table(("ID", "NAME", "COLOR", "CREATED"), rows)


@tags.command(name="create")
@click.argument("name")
@_color
@remote()
def create_tag(remote: Remote, name: str, **given: Any) -> None:
    """Make a tag called NAME. Prints its id."""
    _made(remote, remote.client.tags.create(name, **_given(given)))


@tags.command(name="show")
@click.argument("tag")
@remote()
def show_tag(remote: Remote, tag: str) -> None:
    """Show a TAG."""
    found = remote.client.tags.get(targets.tag_id(remote.client, tag))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    values = {"id": found.id, "name": found.name, "color": found.color}
    remote.output.pairs(values | {"created": exact(found.created_at)})


@tags.command(name="edit")
@click.argument("tag")
@click.option("--name")
@_color
@remote()
def edit_tag(remote: Remote, tag: str, **given: Any) -> None:
    """Change a TAG. What is not given stays; an empty colour clears it."""
    changes = _changes(given)
    changed = remote.client.tags.update(targets.tag_id(remote.client, tag), **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@tags.command(name="delete")
@click.argument("tag")
@targets.yes_option
@remote()
def delete_tag(remote: Remote, tag: str, *, yes: bool) -> None:
    """Delete a TAG; jobs lose it."""
    wanted = targets.tag_id(remote.client, tag)
    targets.confirm(f"Delete tag {tag}? Its jobs lose it.", yes=yes)
    targets.each(remote, [wanted], remote.client.tags.delete, "deleted")


def _made(remote: Remote, thing: Project | Tag) -> None:
    if remote.output.as_json:
        remote.output.json(thing.wire)
    else:
        click.echo(thing.id)
