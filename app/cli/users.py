"""``oneoff user``: people on the database itself, also while nothing runs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from app import db
from app.cli.databases import failing_plainly, unit
from app.cli.options import with_settings
from app.cli.own_database import WHO, as_text, checked, json_option
from app.domain.clock import to_wire
from app.domain.errors import NotFound
from app.domain.people.accounts import clean_email, clean_username
from app.models import User
from app.services import audit
from app.services.listing import MAX_LIMIT, Wanted
from app.services.people import bounds, credentials, user_views, users
from app.settings import Settings

#: A password is no longer; more of a file nobody reads.
_MOST_BYTES: Final = 4096
_name = click.argument("name", callback=checked(clean_username))
_password_file = click.option(
    "--password-file", metavar="FILE", help="File that holds the password; - is standard input."
)


@click.group(name="user")
def user() -> None:
    """Make, list, change and delete users, on the database itself.

    This is how the first admin is made where nobody opens the page. It works whether the product
    runs or not, and what it changes holds in every process within a second.
    """


@user.command()
@_name
@click.option("--admin", is_flag=True, help="Make an admin: the same as --role admin.")
@click.option("--role", "roles", multiple=True, help="Name of a role. Repeatable.  [default: user]")
@click.option("--email", callback=checked(clean_email))
@_password_file
@json_option
@with_settings
def create(settings: Settings, name: str, *, as_json: bool, **given: Any) -> None:
    """Make a user called NAME, who changes the password at the first sign-in.

    The password is read from a file or asked for on a terminal; else one is made and printed once,
    alone on standard output.
    """
    password = _new_password(given["password_file"], (name, given["email"]))
    roles = [*given["roles"], *((bounds.ADMIN,) if given["admin"] else ())]
    values = {"username": name, "email": given["email"]} | ({"roles": roles} if roles else {})
    with unit(settings, db.transaction) as session:
        made = users.create(session, values, password, WHO)
        _note(session, "users.create_user", made["id"], name, {"roles": made["roles"]})
    _show_new(made, f"User {name!r} ({', '.join(made['roles'])}) is made", as_json=as_json)


@user.command(name="list")
@json_option
@with_settings
def list_users(settings: Settings, *, as_json: bool) -> None:
    """List all users by name."""
    with unit(settings, db.reading) as session:
        rows = list(_all(session))
    if as_json:
        click.echo(as_text(rows))
    elif not rows:
        click.echo("There are no users yet; make the first: oneoff user create NAME --admin")
    else:
        for line in _table(rows):
            click.echo(line)


@user.command(name="set-password")
@_name
@_password_file
@json_option
@with_settings
def set_password(
    settings: Settings, name: str, *, password_file: str | None, as_json: bool
) -> None:
    """Give the user called NAME another password, to be changed at the next sign-in.

    All sign-ins of the user end.
    """
    with unit(settings, db.reading) as session:
        context = users.known_of(session, _named(session, name).id)
    password = _new_password(password_file, context)
    with unit(settings, db.transaction) as session:
        found = _named(session, name)
        changed = users.set_password(session, found.id, password, WHO)
        _note(session, "users.set_user_password", found.id, name)
    _show_new(changed, f"User {name!r} has another password", as_json=as_json)


@user.command()
@_name
@json_option
@with_settings
def enable(settings: Settings, name: str, *, as_json: bool) -> None:
    """Let the user called NAME sign in again."""
    _switch(settings, name, is_active=True, as_json=as_json)


@user.command()
@_name
@json_option
@with_settings
def disable(settings: Settings, name: str, *, as_json: bool) -> None:
    """Sign the user called NAME out, and let nobody sign in as this user."""
    _switch(settings, name, is_active=False, as_json=as_json)


@user.command()
@_name
@json_option
@with_settings
def delete(settings: Settings, name: str, *, as_json: bool) -> None:
    """Delete the user called NAME. The name is never given again."""
    with unit(settings, db.transaction) as session:
        found = _named(session, name)
        users.delete(session, found.id, WHO)
        _note(session, "users.delete_user", found.id, name)
    done = {"id": found.id, "username": name, "status": "deleted"}
    click.echo(as_text(done) if as_json else f"The user {name!r} is deleted.")


def _switch(settings: Settings, name: str, *, is_active: bool, as_json: bool) -> None:
    with unit(settings, db.transaction) as session:
        found = _named(session, name)
        changed = users.update(session, found.id, {"is_active": is_active}, WHO)
        _note(session, "users.update_user", found.id, name, {"is_active": is_active})
    state = "enabled" if is_active else "disabled"
    click.echo(as_text(changed) if as_json else f"The user {name!r} is {state}.")


def _named(session: Session, name: str) -> User:
    found = users.find(session, name)
    if found is None:
        raise NotFound(f"there is no user called {name!r}")
    return found


def _note(
    session: Session, action: str, user_id: str, name: str, detail: dict[str, Any] | None = None
) -> None:
    """Leave in the audit log what no request shows."""
    audit.note(session, action, ("user", user_id, name), detail, deed=audit.Deed(WHO.actor))


def _new_password(file: str | None, context: tuple[str | None, ...]) -> credentials.NewPassword:
    given = _given_password(file)
    with failing_plainly():
        return credentials.new_password(given, context, "password")


def _given_password(file: str | None) -> str | None:
    """Return a password from a file or a person; ``None`` if there is neither."""
    if file is not None:
        return _line_of(file)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    typed: str = click.prompt(
        "Password (empty: one is made)",
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt=True,
        err=True,
    )
    return typed or None


def _line_of(file: str) -> str:
    """Return the text of a file without the end of its line."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES)
        else:
            with Path(file).expanduser().open("rb") as opened:
                data = opened.read(_MOST_BYTES)
        return data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text in UTF-8"
        raise click.BadParameter(
            f"{file[:200]!r}: {reason}", param_hint="--password-file"
        ) from None


def _all(session: Session) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        wanted = Wanted(limit=MAX_LIMIT, cursor=cursor)
        page = user_views.page(session, wanted, user_views.UserFilters())
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _show_new(row: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(as_text(row))
    elif "password" in row:
        click.echo(f"{sentence}; the password is not shown again:", err=True)
        click.echo(row["password"])
    else:
        click.echo(f"{sentence}.", err=True)


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    form = "{:<32}  {:<24}  {:<8}  {:<20}  {:<24}  {}"
    yield form.format("ID", "NAME", "STATE", "LAST SIGN-IN", "ROLES", "EMAIL").rstrip()
    for row in rows:
        last = to_wire(row["last_login_at"])[:19] + "Z" if row["last_login_at"] else "never"
        state = "active" if row["is_active"] else "disabled"
        cells = (row["id"], row["username"], state, last, ", ".join(row["roles"]))
        yield form.format(*cells, row["email"] or "").rstrip()
