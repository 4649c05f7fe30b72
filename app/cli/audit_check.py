"""``oneoff audit verify``: the chain of the audit log, walked on the database itself."""

import json
from dataclasses import asdict

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli.databases import opened
from app.services.audit import chain
from app.services.audit.chain import Report
from app.settings import Settings


def check(settings: Settings, head: str | None, *, as_json: bool) -> str:
    """Walk the chain and print what was found; return what is broken, empty if nothing is."""
    opened(settings)
    try:
        report = chain.verify(head)
    except SQLAlchemyError as error:
        kind = type(error).__name__
        raise click.ClickException(f"the database can't be used ({kind})") from None
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2))
    else:
        _print(report)
    if report.broken is None:
        return ""
    row = f" (row {report.broken.row_id})" if report.broken.row_id else ""
    return f"the chain is broken at {report.broken.sequence}{row}: {report.broken.what}"


def _print(report: Report) -> None:
    if report.removed:
        click.echo(f"removed because of age: up to {report.removed}")
    click.echo(f"rows that hold: {report.rows}")
    click.echo(f"not sealed yet: {report.unsealed}")
    if report.broken is None:
        click.echo(f"head: {report.head_sequence} {report.head}")
