"""``oneoff apikey``: keys made and revoked on the database itself, also while nothing runs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from app import db
from app.cli.databases import unit
from app.cli.options import with_settings
from app.cli.own_database import WHO, as_text, checked, json_option
from app.domain import api_keys as form
from app.domain.clock import now, to_wire
from app.domain.errors import NotFound
from app.domain.names import clean_name
from app.domain.people.accounts import clean_username
from app.domain.schedules.once import parse_rfc3339
from app.services import api_keys
from app.services.listing import MAX_LIMIT, Wanted
from app.services.people import keys, users
from app.settings import Settings


@click.group(name="apikey")
def apikey() -> None:
    """Make, list, rotate and revoke API keys, on the database itself.

    This is how the first key is made. It works whether the product runs or not, and what it
    changes holds in every process within a second.
    """


@apikey.command()
@click.option("--name", required=True, callback=checked(clean_name), help="What it is for.")
@click.option(
    "--scopes",
    default=form.DEFAULT_SCOPES,
    show_default=True,
    callback=checked(form.clean_scopes),
    help="read, write, admin, comma-separated; each holds those before it.",
)
@click.option(
    "--expires-at",
    callback=checked(parse_rfc3339),
    help="Valid until then, such as 2030-01-31T09:00:00Z.",
)
@click.option("--owner", callback=checked(clean_username), help="User who owns it.")
@click.option("--project", "project_id", metavar="ID", help="Only what belongs to this project.")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    callback=checked(form.clean_addresses),
    help="Network it may be used from, such as 10.0.0.0/8. Repeatable.",
)
@click.option("--expires-in-days", type=click.IntRange(1, 36500), help="Valid for so many days.")
@json_option
@with_settings
def create(
    settings: Settings, *, as_json: bool, expires_in_days: int | None, **values: Any
) -> None:
    """Make a key. It is printed once, alone on standard output, and kept nowhere."""
    if expires_in_days is not None:
        if values["expires_at"] is not None:
            raise click.UsageError("give --expires-at or --expires-in-days, not both")
        values["expires_at"] = now() + timedelta(days=expires_in_days)
    owner, values["addresses"] = values.pop("owner"), ",".join(values["addresses"])
    given = {name: value for name, value in values.items() if value is not None}
    with unit(settings, db.transaction, "cli.apikey_create") as session:
        owner_id = None if owner is None else _owner_id(session, owner)
        made = keys.create(session, given | {"owner_id": owner_id}, WHO)
    _show_new(made, as_json=as_json)


@apikey.command(name="list")
@json_option
@with_settings
def list_keys(settings: Settings, *, as_json: bool) -> None:
    """List all keys, the newest first."""
    with unit(settings, db.reading) as session:
        rows = list(_all(session))
    if as_json:
        click.echo(as_text(rows))
    elif not rows:
        click.echo("There are no API keys yet; make one: oneoff apikey create --name NAME")
    else:
        for line in _table(rows):
            click.echo(line)


@apikey.command()
@click.argument("key_id")
@json_option
@with_settings
def revoke(settings: Settings, key_id: str, *, as_json: bool) -> None:
    """Make a key useless for good. KEY_ID is the id or the prefix that `list` shows."""
    with unit(settings, db.transaction, "cli.apikey_revoke") as session:
        gone = api_keys.revoke(session, _id_of(session, key_id))
    click.echo(as_text(gone) if as_json else f"The key {gone['key_prefix']}… is revoked.")


@apikey.command()
@click.argument("key_id")
@click.option(
    "--overlap-seconds",
    type=click.IntRange(0, form.LONGEST_OVERLAP_SECONDS),
    default=0,
    show_default=True,
    help="Let the old key be valid for so long; 0 revokes it at once.",
)
@json_option
@with_settings
def rotate(settings: Settings, key_id: str, *, overlap_seconds: int, as_json: bool) -> None:
    """Make a key in the place of another. KEY_ID is the id or the prefix that `list` shows."""
    with unit(settings, db.transaction, "cli.apikey_rotate") as session:
        made = keys.rotate(session, _id_of(session, key_id), overlap_seconds, WHO)
    _show_new(made, as_json=as_json)


def _all(session: Session) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = api_keys.page(session, Wanted(limit=MAX_LIMIT, cursor=cursor))
        yield from page.rows
        cursor = page.next_cursor
        if cursor is None:
            return


def _id_of(session: Session, text: str) -> str:
    """Return the id of the key with this id or prefix; it must be one alone."""
    found = [row["id"] for row in _all(session) if text in (row["id"], row["key_prefix"])]
    return found[0] if len(found) == 1 else text


def _owner_id(session: Session, name: str) -> str:
    found = users.find(session, name)
    if found is None:
        raise NotFound(f"there is no user called {name!r}")
    return found.id


def _show_new(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(as_text(made))
        return
    until = f", valid until {to_wire(made['expires_at'])}" if "expires_at" in made else ""
    click.echo(
        f"Key {made['name']!r} ({made['scopes']}{until}); keep it, it is not shown again:", err=True
    )
    click.echo(made["key"])


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    form_ = "{:<15}  {:<32}  {:<16}  {:<8}  {:<20}  {}"
    yield form_.format("PREFIX", "ID", "SCOPES", "STATE", "LAST USED", "NAME").rstrip()
    for row in rows:
        used = to_wire(row["last_used_at"])[:19] + "Z" if "last_used_at" in row else "never"
        cells = (row["key_prefix"], row["id"], row["scopes"], _state(row), used, row["name"])
        yield form_.format(*cells)


def _state(row: dict[str, Any]) -> str:
    if "revoked_at" in row:
        return "revoked"
    if "expires_at" in row and row["expires_at"] <= now():
        return "expired"
    return "active" if row["is_active"] else "off"
