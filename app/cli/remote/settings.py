"""The commands of settings that have addresses of their own, and of the e-mails sent by them."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import inputs, lists, targets
from app.cli.remote.output import relative
from app.cli.remote.session import Remote, fail, remote
from app.client import Email, Smtp
from app.domain.ids import normalise_id

_SECURITY = ("starttls", "tls", "none")
_STATUSES = ("pending", "sent", "failed")
_SENT: lists.Look = (
    ("ID", "TO", "SUBJECT", "STATUS", "TRIES", "CREATED", "ERROR"),
    lambda m: (m.id, m.to, m.subject, m.status, m.attempts, relative(m.created_at), m.error),
    "There are no such e-mails.",
)


@click.group(cls=Group)
def settings() -> None:
    """Look at settings of a running server, and change them: e-mail, the time zone."""


@settings.group(cls=Group)
def smtp() -> None:
    """How e-mail is sent."""


@smtp.command(name="show")
@remote()
def show_smtp(remote: Remote) -> None:
    """Show the settings of e-mail; the password is not told."""
    _show(remote, remote.client.settings.smtp())


@smtp.command(name="set")
@click.option("--mail-server", metavar="NAME|none", help="none: no e-mail is sent.")
@click.option("--port", type=int, help="0: 587 for starttls, 465 for tls, 25 for none.")
@click.option("--security", type=click.Choice(_SECURITY))
@click.option("--username", metavar="NAME|none", help="Name to log in with.")
@click.option(
    "--password-file", metavar="FILE", help="A file with the password; - is standard input."
)
@click.option("--no-password", is_flag=True, help="Forget the password.")
@click.option("--from", "sender", metavar="ADDRESS", help="Address that e-mail comes from.")
@click.option("--timeout", "timeout_seconds", type=float, metavar="SECONDS")
@click.option("--language", type=click.Choice(["en", "vi"]))
@click.option(
    "--alert-emails", metavar="ADDRESSES|none", help="Who hears of every job that fails thrice."
)
@remote()
def set_smtp(remote: Remote, **given: Any) -> None:
    """Change the settings of e-mail. What is not given stays."""
    if given["password_file"] and given["no_password"]:
        raise click.UsageError("--password-file and --no-password exclude each other.")
    plain = ("port", "username", "timeout_seconds", "language", "alert_emails")
    fields = {name: _or_none(given[name]) for name in plain if given[name] is not None}
    if given["mail_server"] is not None:
        fields["server"] = _or_none(given["mail_server"])
    if given["security"] is not None:
        fields["security"] = given["security"]
    if given["sender"] is not None:
        fields["from"] = given["sender"]
    if given["password_file"] is not None:
        text = inputs.file_text(given["password_file"], "--password-file")
        fields["password"] = text.rstrip("\r\n")
    if given["no_password"]:
        fields["password"] = None
    if not fields:
        raise click.UsageError("say what to change; see --help")
    _show(remote, remote.client.settings.update_smtp(**fields))


def _or_none(value: Any) -> Any:
    return None if value == "none" else value


@smtp.command(name="test")
@click.argument("to", metavar="ADDRESS")
@remote()
def test_smtp(remote: Remote, to: str) -> None:
    """Send a test to ADDRESS now, and tell what the mail server said."""
    trial = remote.client.settings.test_smtp(to)
    remote.output.done(trial.wire, f"{trial.status} to {trial.to}")
    if trial.status != "sent":
        fail(trial.error or "the test was not sent")


@settings.command()
@click.argument("name", required=False)
@remote()
def timezone(remote: Remote, name: str | None) -> None:
    """Show the time zone of jobs that name none; with NAME, set it."""
    part = remote.client.settings
    zone = part.timezone() if name is None else part.set_timezone(name)
    remote.output.done(zone.wire, f"{zone.iana} ({zone.name}, UTC{zone.offset})")


def _show(remote: Remote, found: Smtp) -> None:
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    names = ("server", "port", "security", "username", "timeout_seconds", "language")
    values: dict[str, Any] = {name: getattr(found, name) for name in names}
    values |= {"password": "is set" if found.has_password else "", "from": found.sender}
    values |= {"alert e-mails": ", ".join(found.alert_emails), "sends": found.configured}
    remote.output.pairs(values | {"fixed at start": ", ".join(found.locked)})


@click.group(cls=Group)
def emails() -> None:
    """Look at the e-mails about jobs, and send again those that failed."""


@emails.command(name="list")
@click.option("--status", type=click.Choice(_STATUSES))
@click.option("--job", "job_id", metavar="NAME|ID", help="Only about this job.")
@lists.list_options
@remote()
def list_emails(remote: Remote, **given: Any) -> None:
    """List what was and will be sent, the newest first."""
    if given["job_id"] is not None:
        given["job_id"] = targets.job_id(remote.client, given["job_id"])
    lists.show_list(remote, remote.client.emails.list, lists.window(given), _SENT)


@emails.command(name="retry")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL…")
@remote()
def retry_emails(remote: Remote, emails: tuple[str, ...]) -> None:
    """Send EMAILs that failed once more."""

    def retry(one: str) -> str:
        again: Email = remote.client.emails.retry(one)
        return again.status

    targets.each(remote, [_email_id(word) for word in emails], retry, "pending")


def _email_id(word: str) -> str:
    known = normalise_id(word) if word != targets.DEFAULT else None
    return known or fail(f"{word[:100]!r} is no id of an e-mail: that has 32 hexadecimal digits")
