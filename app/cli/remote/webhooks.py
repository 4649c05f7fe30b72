"""The commands of webhooks."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import inputs, lists, targets
from app.cli.remote.output import exact, note, relative
from app.cli.remote.session import Remote, fail, remote
from app.client import Delivery, Webhook
from app.domain import signing
from app.domain.ids import normalise_id
from app.domain.webhooks import EVENTS, TEST

_events = click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([*EVENTS]),
    metavar="NAME",
    help=f"An event that is sent. Repeatable: {', '.join(EVENTS)}.",
)
_secret_file = click.option(
    "--secret-file", metavar="FILE", help="A file with the secret that signs; - is standard input."
)
_project = click.option("--project", metavar="NAME|ID", help="Only events of this project.")
_address = click.option("--url", "target", metavar="URL", help="Where deliveries go.")
_LOOK: lists.Look = (
    ("ID", "NAME", "URL", "ACTIVE", "EVENTS", "FAILURES"),
    lambda w: (w.id, w.name, w.url, w.is_active, w.events, w.failures or ""),
    "There are no webhooks. Make one: oneoff webhooks create NAME URL --event job.failed",
)
_SENT: lists.Look = (
    ("ID", "NUMBER", "EVENT", "STATUS", "TRIES", "ANSWER", "CREATED", "ERROR"),
    lambda d: (
        d.id,
        d.sequence,
        d.event_type,
        d.status,
        d.attempts,
        d.response_code,
        relative(d.created_at),
        d.error,
    ),
    "There are no such deliveries.",
)


@click.group(cls=Group)
def webhooks() -> None:
    """Tell other programs what happens. A webhook is named by its id or its name."""


@webhooks.command(name="list")
@lists.list_options
@remote()
def list_webhooks(remote: Remote, **given: Any) -> None:
    """List webhooks."""
    lists.show_list(remote, remote.client.webhooks.list, lists.window(given), _LOOK)


@webhooks.command(name="create")
@click.argument("name")
@click.argument("target", metavar="URL")
@_events
@_project
@_secret_file
@click.option("--unsigned", is_flag=True, help="Without a secret.")
@remote("--server")
def create_webhook(remote: Remote, name: str, target: str, **given: Any) -> None:
    """Make a webhook called NAME that sends to URL. Prints its id and its secret.

    Unless you give a secret, a fresh one is made.
    """
    if given["unsigned"] and given["secret_file"]:
        raise click.UsageError("--unsigned and --secret-file exclude each other.")
    if not given["events"]:
        raise click.UsageError("name at least one --event; see --help")
    fields = _fields(remote, given)
    if not given["unsigned"]:
        fields.setdefault("secret", signing.new_secret())
    events = fields.pop("events")
    made = remote.client.webhooks.create(name, target, events, **fields)
    remote.output.done(made.wire, made.id)
    if made.secret and not (given["secret_file"] or remote.output.as_json):
        _show_secret(made)


@webhooks.command(name="show")
@click.argument("webhook")
@remote()
def show_webhook(remote: Remote, webhook: str) -> None:
    """Show a WEBHOOK."""
    found = remote.client.webhooks.get(targets.webhook_id(remote.client, webhook))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    plain = ("id", "name", "url", "events", "project_id", "failures", "disabled_reason")
    values = {name: getattr(found, name) for name in plain}
    values |= {"active": found.is_active, "signed": found.has_secret}
    values |= {"paused until": exact(found.paused_until), "created": exact(found.created_at)}
    remote.output.pairs(values | {"changed": exact(found.updated_at)})


@webhooks.command(name="edit")
@click.argument("webhook")
@click.option("--name")
@_address
@_events
@_project
@_secret_file
@click.option("--active/--inactive", "is_active", default=None, help="Whether anything is sent.")
@remote("--server")
def edit_webhook(remote: Remote, webhook: str, **given: Any) -> None:
    """Change a WEBHOOK. What is not given stays; events given replace those before."""
    changes = _fields(remote, given)
    if not changes:
        raise click.UsageError("say what to change; see --help")
    wanted = targets.webhook_id(remote.client, webhook)
    changed = remote.client.webhooks.update(wanted, **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@webhooks.command(name="delete")
@click.argument("webhook")
@targets.yes_option
@remote()
def delete_webhook(remote: Remote, webhook: str, *, yes: bool) -> None:
    """Delete a WEBHOOK with its deliveries."""
    wanted = targets.webhook_id(remote.client, webhook)
    targets.confirm(f"Delete webhook {webhook} and its deliveries?", yes=yes)
    targets.each(remote, [wanted], remote.client.webhooks.delete, "deleted")


@webhooks.command(name="test")
@click.argument("webhook")
@remote()
def test_webhook(remote: Remote, webhook: str) -> None:
    """Send a delivery of the event test to a WEBHOOK, and tell how it went."""
    sent = remote.client.webhooks.test(targets.webhook_id(remote.client, webhook))
    answer = f"; the receiver answered {sent.response_code}" if sent.response_code else ""
    remote.output.done(sent.wire, f"{sent.status}{answer}")
    if sent.status != "success":
        fail(sent.error or "the delivery did not succeed")


@webhooks.command(name="rotate")
@click.argument("webhook")
@remote()
def rotate_secret(remote: Remote, webhook: str) -> None:
    """Give a WEBHOOK a new secret. The old one signs for 24 hours more, beside it."""
    wanted = targets.webhook_id(remote.client, webhook)
    changed = remote.client.webhooks.rotate_secret(wanted)
    if remote.output.as_json:
        remote.output.json(changed.wire)
    else:
        _show_secret(changed)


@webhooks.command(name="deliveries")
@click.argument("webhook")
@click.option("--status", type=click.Choice(["pending", "success", "failed"]))
@click.option("--event", type=click.Choice([*EVENTS, TEST]), metavar="NAME")
@lists.list_options
@remote()
def list_deliveries(remote: Remote, webhook: str, **given: Any) -> None:
    """List what was and will be sent to a WEBHOOK, the newest first."""
    wanted = targets.webhook_id(remote.client, webhook)

    def ask(**query: Any) -> Any:
        return remote.client.webhooks.deliveries(wanted, **query)

    lists.show_list(remote, ask, lists.window(given), _SENT)


@webhooks.command(name="replay")
@click.argument("webhook")
@click.argument("deliveries", nargs=-1, metavar="[DELIVERY…]")
@click.option("--failed", is_flag=True, help="All that failed.")
@remote()
def replay_deliveries(
    remote: Remote, webhook: str, deliveries: tuple[str, ...], *, failed: bool
) -> None:
    """Send deliveries to a WEBHOOK again, under their old ids."""
    if failed == bool(deliveries):
        raise click.UsageError("name deliveries by their ids, or say --failed.")
    wanted = targets.webhook_id(remote.client, webhook)
    if failed:
        count = remote.client.webhooks.replay_failed(wanted)
        remote.output.done({"replayed": count}, f"{count} sent again")
        return

    def replay(one: str) -> str:
        again: Delivery = remote.client.webhooks.replay(wanted, one)
        return again.status

    targets.each(remote, [_delivery_id(word) for word in deliveries], replay, "pending")


def _delivery_id(word: str) -> str:
    known = normalise_id(word) if word != targets.DEFAULT else None
    return known or fail(f"{word[:100]!r} is no id of a delivery: that has 32 hexadecimal digits")


def _fields(remote: Remote, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the options say of a webhook."""
    found: dict[str, Any] = {}
    for option, field in (("name", "name"), ("target", "url"), ("is_active", "is_active")):
        if given.get(option) is not None:
            found[field] = given[option]
    if given["events"]:
        found["events"] = [*given["events"]]
    if given["project"] is not None:
        found["project_id"] = targets.project_id(remote.client, given["project"])
    if given["secret_file"] is not None:
        found["secret"] = inputs.file_text(given["secret_file"], "--secret-file").strip()
    return found


def _show_secret(webhook: Webhook) -> None:
    click.echo(webhook.secret)
    note("This is the secret; it is shown only this once.")
