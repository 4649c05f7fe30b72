"""``oneoff apikey``: keys made and revoked on the database itself, also while nothing runs."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from app import db
from app.cli.databases import ACTOR, unit
from app.cli.options import with_settings
from app.domain import api_keys as form
from app.domain.clock import now, to_wire
from app.domain.names import clean_name
from app.domain.schedules.once import parse_rfc3339
from app.services import api_keys
from app.services.listing import MAX_LIMIT, Wanted
from app.settings import Settings

_as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def _checked(check: Callable[[str], Any]) -> Callable[..., Any]:
    """Return a callback that has click name the option, the value and what is allowed."""

    def callback(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:
        try:
            return None if value is None else check(value)
        except ValueError as error:
            raise click.BadParameter(f"{value!r}: {error}") from None

    return callback


@click.group(name="apikey")
def apikey() -> None:
    """Make, list, rotate and revoke API keys, on the database itself.

    This is how the first key is made. It works whether the product runs or not, and what it
    changes holds in every process within a second.
    """


@apikey.command()
@click.option("--name", required=True, callback=_checked(clean_name), help="What it is for.")
@click.option(
    "--scopes",
    default=form.DEFAULT_SCOPES,
    show_default=True,
    callback=_checked(form.clean_scopes),
    help="read, write, admin, comma-separated; each holds those before it.",
)
@click.option(
    "--expires-at",
    callback=_checked(parse_rfc3339),
    help="Valid until then, such as 2030-01-31T09:00:00Z.",
)
@click.option("--expires-in-days", type=click.IntRange(1, 36500), help="Valid for so many days.")
@_as_json
@with_settings
def create(
    settings: Settings, *, as_json: bool, expires_in_days: int | None, **values: Any
) -> None:
    """Make a key. It is printed once, alone on standard output, and kept nowhere."""
    if expires_in_days is not None:
        if values["expires_at"] is not None:
            raise click.UsageError("give --expires-at or --expires-in-days, not both")
        values["expires_at"] = now() + timedelta(days=expires_in_days)
    with unit(settings, db.transaction, "cli.apikey_create") as session:
        made = api_keys.create(session, values, ACTOR)
    _show_new(made, as_json=as_json)


@apikey.command(name="list")
@_as_json
@with_settings
def list_keys(settings: Settings, *, as_json: bool) -> None:
    """List all keys, the newest first."""
    with unit(settings, db.reading) as session:
        rows = list(_all(session))
    if as_json:
        click.echo(_text(rows))
    elif not rows:
        click.echo("There are no API keys yet; make one: oneoff apikey create --name NAME")
    else:
        for line in _table(rows):
            click.echo(line)


@apikey.command()
@click.argument("key_id")
@_as_json
@with_settings
def revoke(settings: Settings, key_id: str, *, as_json: bool) -> None:
    """Make a key useless for good. KEY_ID is the id or the prefix that `list` shows."""
    with unit(settings, db.transaction, "cli.apikey_revoke") as session:
        gone = api_keys.revoke(session, _id_of(session, key_id))
    click.echo(_text(gone) if as_json else f"The key {gone['key_prefix']}… is revoked.")


@apikey.command()
@click.argument("key_id")
@_as_json
@with_settings
def rotate(settings: Settings, key_id: str, *, as_json: bool) -> None:
    """Revoke a key and make one like it. KEY_ID is the id or the prefix that `list` shows."""
    with unit(settings, db.transaction, "cli.apikey_rotate") as session:
        made = api_keys.rotate(session, _id_of(session, key_id), ACTOR)
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


def _show_new(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(_text(made))
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


def _text(value: Any) -> str:
    return json.dumps(value, default=to_wire, ensure_ascii=False, indent=2)
