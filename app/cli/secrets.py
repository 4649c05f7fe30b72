"""``oneoff secrets``: the key that encrypts what is secret in the database, and the next one."""

import os
from dataclasses import dataclass, field

import click

from app import bootstrap, db
from app.cli import folder_lock
from app.cli.options import REFUSED, missing_file, usable_folder, with_settings
from app.cli.restore import target_of
from app.domain.secret_keys import key_text, new_key
from app.gateways import cipher, key_file
from app.gateways.sqlite_files import InUse
from app.services import encryption
from app.services.encryption import SEALED, KeyRefused, Sealed
from app.settings import Settings


@click.group(name="secrets")
def secrets() -> None:
    """Look after the key that encrypts what is secret in the database."""


@secrets.command(name="new-key")
def make_key() -> None:
    """Print a new key for ENCRYPTION_KEY. It is kept nowhere."""
    click.echo(key_text(new_key()))


@secrets.command()
@with_settings
def status(settings: Settings) -> None:
    """Say which keys are in use, and whether all values can be decrypted with those given."""
    _prepare(settings)
    _unlock(settings)
    with db.reading() as session:
        found = encryption.census(session)
    first, *others = cipher.current().key_ids
    click.echo(f"key {first} encrypts" + (f"; {', '.join(others)} still decrypt" * bool(others)))
    for one in found:
        by_key = ", ".join(f"{number} with {key}" for key, number in sorted(one.by_key.items()))
        click.echo(f"{one.noun}: {by_key or 'none'}")
        for number, what in ((one.in_clear, "in clear"), (one.unreadable, "can't be decrypted")):
            if number:
                click.echo(f"{one.noun}: {number} {what}", err=True)
    if any(one.in_clear or one.unreadable for one in found):
        raise SystemExit(REFUSED)


@secrets.command()
@with_settings
def rotate(settings: Settings) -> None:
    """Encrypt all that is secret in the database anew, with another key.

    With ENCRYPTION_KEY: give the new key there and the one before in ENCRYPTION_KEYS_OLD, to all
    processes first; then they may run meanwhile. With the key in DATA_DIR: stop the product; a
    new key is made. Cut off, it can be repeated.
    """
    _prepare(settings)
    if settings.encryption_key:
        _unlock(settings)
        _renew(settings)
        return
    lock = folder_lock.hold(usable_folder(settings), serves=False)
    try:
        _refuse_if_in_use(settings)
        _unlock(settings)
        key_file.replace(settings.folder)
        _unlock(settings)
        _renew(settings)
    finally:
        lock.close()


def _prepare(settings: Settings) -> None:
    os.umask(0o077)
    db.configure(settings.database)
    problem = missing_file(settings) or bootstrap.schema_problem(db.engine())
    if problem:
        raise click.ClickException(problem)
    db.forget_engines()


def _unlock(settings: Settings) -> None:
    try:
        with db.transaction() as session:
            encryption.unlock(session, settings)
    except KeyRefused as reason:
        raise click.ClickException(str(reason)) from None


def _refuse_if_in_use(settings: Settings) -> None:
    """Processes that run know only the key that they found at their start."""
    try:
        target_of(settings).refuse_if_in_use()
    except InUse as error:
        raise click.ClickException(str(error)) from None
    db.forget_engines()


@dataclass(slots=True)
class _Report:
    """What was done, for each kind of values."""

    renewed: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)


def _renew(settings: Settings) -> None:
    """Renew everything, then the check of the starts: from then on the old key opens nothing."""
    report = _Report()
    for sealed in SEALED:
        while _pass(sealed, report):
            pass
    newest = cipher.current().newest
    for noun, number in report.renewed.items():
        click.echo(f"{noun}: {number} encrypted anew with the key {newest}")
    lost = {noun: number for noun, number in report.unreadable.items() if number}
    if lost:
        what = ", ".join(f"{number} {noun}" for noun, number in lost.items())
        raise click.ClickException(
            f"{what} can't be decrypted with the keys given, so the old key is still needed; give "
            "the key they need in ENCRYPTION_KEYS_OLD, or give those objects new secrets"
        )
    with db.transaction() as session:
        old_id = encryption.renew_check(session)
    _say_what_is_left(settings, old_id)


def _pass(sealed: Sealed, report: _Report) -> bool:
    """Go over a column once; return whether it is to be done again: others may write meanwhile."""
    renewed, after = 0, None
    report.unreadable[sealed.noun] = 0
    while True:
        with db.transaction() as session:
            step = encryption.renew_some(session, sealed, after)
        renewed += step.renewed
        report.unreadable[sealed.noun] += step.unreadable
        if step.last is None:
            break
        after = step.last
    report.renewed[sealed.noun] = report.renewed.get(sealed.noun, 0) + renewed
    return renewed > 0


def _say_what_is_left(settings: Settings, old_id: str | None) -> None:
    newest = cipher.current().newest
    if settings.encryption_key:
        if old_id == newest and not settings.encryption_keys_old:
            click.echo(
                "nothing else: to change the key, give a new one (oneoff secrets new-key) as "
                "ENCRYPTION_KEY and the present one in ENCRYPTION_KEYS_OLD"
            )
            return
        click.echo("done; ENCRYPTION_KEYS_OLD can be removed and all processes be restarted")
    else:
        old = key_file.read(settings.folder, key_file.OLD)
        kept = key_file.set_aside(settings.folder, cipher.key_id(old)) if old else None
        click.echo(f"done; the new key is in {settings.folder / key_file.NAME}")
        if kept:
            click.echo(f"the old one is kept as {kept}")
    click.echo("keep the old key with the backups of the time before: only it opens their secrets")
