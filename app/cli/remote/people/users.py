"""The commands of users, and of the members of projects."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import inputs, lists, targets
from app.cli.remote.output import exact, note, relative
from app.cli.remote.session import Remote, remote
from app.client import User

_email = click.option("--email", metavar="ADDRESS")
_roles = click.option(
    "--role", "roles", multiple=True, metavar="NAME", help="A role by its name. Repeatable."
)
_password_file = click.option(
    "--password-file",
    metavar="FILE",
    help="A file with the password; - is standard input. Else one is made.",
)
_LOOK: lists.Look = (
    ("ID", "NAME", "ROLES", "ACTIVE", "EMAIL", "LAST SIGN-IN"),
    lambda u: (u.id, u.username, u.roles, u.is_active, u.email, relative(u.last_login_at)),
    "There are no such users. Make one: oneoff users create NAME",
)


@click.group(cls=Group)
def users() -> None:
    """Look after those who sign in. One is named by id or name.

    Without a running server: oneoff user.
    """


@users.command(name="list")
@click.option("--search", metavar="TEXT", help="Part of the name or the address.")
@click.option("--role", metavar="NAME", help="Only who holds this role.")
@click.option("--active/--inactive", "is_active", default=None)
@lists.list_options
@remote()
def list_users(remote: Remote, **given: Any) -> None:
    """List users."""
    lists.show_list(remote, remote.client.users.list, lists.window(given), _LOOK)


@users.command(name="create")
@click.argument("name")
@_roles
@_email
@_password_file
@remote()
def create_user(remote: Remote, name: str, **given: Any) -> None:
    """Make a user called NAME, who changes the password at the first sign-in. Prints the id.

    Without --role it is a plain user. A password that was made is printed behind the id.
    """
    fields = _fields(given)
    password = _password(given["password_file"])
    made = remote.client.users.create(name, **fields | password)
    remote.output.done(made.wire, made.id)
    _show_password(remote, made)


@users.command(name="show")
@click.argument("user")
@remote()
def show_user(remote: Remote, user: str) -> None:
    """Show a USER."""
    found = remote.client.users.get(targets.user_id(remote.client, user))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    values: dict[str, Any] = {"id": found.id, "name": found.username, "email": found.email}
    values |= {"roles": found.roles, "active": found.is_active}
    values |= {"must change the password": found.must_change_password}
    values |= {"last sign-in": exact(found.last_login_at), "created": exact(found.created_at)}
    remote.output.pairs(values)


@users.command(name="edit")
@click.argument("user")
@_roles
@_email
@click.option("--active/--inactive", "is_active", default=None, help="Off: signed out at once.")
@remote()
def edit_user(remote: Remote, user: str, **given: Any) -> None:
    """Change a USER. What is not given stays; roles given replace those before."""
    changes = _fields(given)
    if not changes:
        raise click.UsageError("say what to change; see --help")
    wanted = targets.user_id(remote.client, user)
    changed = remote.client.users.update(wanted, **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@users.command(name="set-password")
@click.argument("user")
@_password_file
@remote()
def set_password(remote: Remote, user: str, password_file: str | None) -> None:
    """Give a USER a password, to be changed at the next sign-in. All sign-ins end."""
    wanted = targets.user_id(remote.client, user)
    password = _password(password_file).get("password")
    changed = remote.client.users.set_password(wanted, password)
    remote.output.done(changed.wire, f"changed {changed.id}")
    _show_password(remote, changed)


@users.command(name="delete")
@click.argument("user")
@targets.yes_option
@remote()
def delete_user(remote: Remote, user: str, *, yes: bool) -> None:
    """Delete a USER. The name is never given again."""
    wanted = targets.user_id(remote.client, user)
    targets.confirm(f"Delete user {user}, and revoke the keys?", yes=yes)
    targets.each(remote, [wanted], remote.client.users.delete, "deleted")


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return what is given; an empty text takes the address away."""
    found = {n: given[n] for n in ("email", "is_active") if given.get(n) is not None}
    if found.get("email") == "":
        found["email"] = None
    return found | ({"roles": [*given["roles"]]} if given["roles"] else {})


def _password(file: str | None) -> dict[str, str]:
    if file is None:
        return {}
    text = inputs.file_text(file, "--password-file")
    return {"password": text.removesuffix("\n").removesuffix("\r")}


def _show_password(remote: Remote, user: User) -> None:
    if user.password and not remote.output.as_json:
        note("The password; it is not shown again:")
        click.echo(user.password)


@click.group(cls=Group)
def members() -> None:
    """Look after those who see and start what belongs to a project."""


@members.command(name="list")
@click.argument("project")
@remote()
def list_members(remote: Remote, project: str) -> None:
    """List the members of a PROJECT."""
    wanted = targets.project_id(remote.client, project)
    found = [*remote.client.members.walk(wanted)]
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
    elif not found:
        note(f"Nobody is a member. Add somebody: oneoff members add {project} USER")
    else:
        columns, row, _ = _LOOK
        remote.output.table(columns, map(row, found))


@members.command(name="add")
@click.argument("project")
@click.argument("user")
@remote()
def add_member(remote: Remote, project: str, user: str) -> None:
    """Make a USER a member of a PROJECT."""
    client = remote.client
    wanted = targets.project_id(client, project), targets.user_id(client, user)
    added = client.members.add(*wanted)
    remote.output.done(added.wire, f"added {added.id}")


@members.command(name="remove")
@click.argument("project")
@click.argument("user")
@remote()
def remove_member(remote: Remote, project: str, user: str) -> None:
    """Have a USER be no member of a PROJECT any more."""
    client = remote.client
    project_id, user_id = targets.project_id(client, project), targets.user_id(client, user)
    targets.each(remote, [user_id], lambda one: client.members.remove(project_id, one), "removed")
