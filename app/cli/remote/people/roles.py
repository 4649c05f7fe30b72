"""The commands of roles."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import targets
from app.cli.remote.output import exact
from app.cli.remote.session import Remote, remote

_description = click.option("--description", metavar="TEXT")
_permissions = click.option(
    "--permission",
    "permissions",
    multiple=True,
    metavar="NAME",
    help="Something that is allowed, see: oneoff roles permissions. Repeatable.",
)
_sees_all = click.option(
    "--sees-all/--sees-own",
    default=None,
    help="Everything, or what is one's own and one's projects'.",
)


@click.group(cls=Group)
def roles() -> None:
    """Look after roles, sets of permissions. One is named by its id or its name."""


@roles.command(name="permissions")
@remote()
def list_permissions(remote: Remote) -> None:
    """List all permissions there are."""
    found = remote.client.roles.permissions()
    if remote.output.as_json:
        remote.output.json({"data": [{"name": n, "description": d} for n, d in found.items()]})
    else:
        remote.output.table(("NAME", "ALLOWS TO"), found.items())


@roles.command(name="list")
@remote()
def list_roles(remote: Remote) -> None:
    """List roles."""
    found = [*remote.client.roles.walk()]
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    rows = ((r.id, r.name, r.user_count, r.sees_all, r.is_built_in, r.description) for r in found)
    columns = ("ID", "NAME", "USERS", "SEES ALL", "BUILT IN", "DESCRIPTION")
    remote.output.table(columns, rows)


@roles.command(name="create")
@click.argument("name")
@_permissions
@_sees_all
@_description
@remote()
def create_role(remote: Remote, name: str, **given: Any) -> None:
    """Make a role called NAME. Prints its id."""
    fields = _given(given)
    permissions = fields.pop("permissions", [])
    made = remote.client.roles.create(name, permissions, **fields)
    remote.output.done(made.wire, made.id)


@roles.command(name="show")
@click.argument("role")
@remote()
def show_role(remote: Remote, role: str) -> None:
    """Show a ROLE."""
    found = remote.client.roles.get(targets.role_id(remote.client, role))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    values = {name: getattr(found, name) for name in ("id", "name", "description", "permissions")}
    values |= {"sees all": found.sees_all, "built in": found.is_built_in}
    values |= {"users": found.user_count, "created": exact(found.created_at)}
    remote.output.pairs(values)


@roles.command(name="edit")
@click.argument("role")
@click.option("--name")
@_permissions
@_sees_all
@_description
@remote()
def edit_role(remote: Remote, role: str, **given: Any) -> None:
    """Change a ROLE. What is not given stays; permissions given replace those before."""
    changes = _given(given)
    if not changes:
        raise click.UsageError("say what to change; see --help")
    changed = remote.client.roles.update(targets.role_id(remote.client, role), **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@roles.command(name="delete")
@click.argument("role")
@click.option("--reassign-to", metavar="NAME|ID", help="Who holds it gets this role.")
@targets.yes_option
@remote()
def delete_role(remote: Remote, role: str, reassign_to: str | None, *, yes: bool) -> None:
    """Delete a ROLE; if people hold it, say which they get instead."""
    client = remote.client
    wanted = targets.role_id(client, role)
    targets.confirm(f"Delete role {role}?", yes=yes)
    targets.each(remote, [wanted], lambda one: client.roles.delete(one, reassign_to), "deleted")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in values.items() if value is not None and value != ()}
    return found | ({"permissions": [*found["permissions"]]} if "permissions" in found else {})
