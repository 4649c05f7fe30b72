"""What a command is about: things named by a person, and whether that person is sure."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from app.cli.options import REFUSED
from app.cli.remote.output import note
from app.cli.remote.session import Remote, fail, refusal_lines
from app.client import Client, Refused
from app.domain.ids import normalise_id
from app.domain.names import clean_name

yes_option = click.option("--yes", "-y", is_flag=True, help="Don't ask.")
DEFAULT = "default"


def job_id(client: Client, word: str) -> str:
    """Return the id of the job that a word names: an id, or an exact name that only one has."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or _the_one(word, "job", client.jobs.named(_stored(word)))


def chain_id(client: Client, word: str) -> str:
    """Return the id of the chain that a word names: an id, or an exact name that only one has."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or _the_one(
        word, "chain", (c for c in client.chains.walk() if c.name == _stored(word))
    )


def chain_run_id(word: str) -> str:
    """Return the id of a run of a chain. They have no names."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or fail(f"{word[:100]!r} is no id of a run: that has 32 hexadecimal digits")


def project_id(client: Client, word: str) -> str:
    """Return the id of a project named by its id or its name."""
    known = normalise_id(word)
    if known:
        return known
    named = (p for p in client.projects.walk(include_archived=True) if p.name == _stored(word))
    return _the_one(word, "project", named)


def tag_ids(client: Client, words: Sequence[str]) -> list[str]:
    """Return the ids of tags named by their ids or names."""
    return [tag_id(client, word) for word in words]


def tag_id(client: Client, word: str) -> str:
    """Return the id of a tag named by its id or its name."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or _the_one(
        word, "tag", (t for t in client.tags.walk() if t.name == _stored(word))
    )


def webhook_id(client: Client, word: str) -> str:
    """Return the id of a webhook named by its id or its name."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or _the_one(
        word, "webhook", (w for w in client.webhooks.walk() if w.name == _stored(word))
    )


def user_id(client: Client, word: str) -> str:
    """Return the id of a user named by id or username."""
    known = normalise_id(word) if word != DEFAULT else None
    name = word.strip().lower()
    return known or _the_one(
        word, "user", (u for u in client.users.walk(search=name[:255]) if u.username == name)
    )


def role_id(client: Client, word: str) -> str:
    """Return the id of a role named by its id or its name."""
    known = normalise_id(word) if word != DEFAULT else None
    name = word.strip().lower()
    return known or _the_one(word, "role", (r for r in client.roles.walk() if r.name == name))


def execution_id(word: str) -> str:
    """Return the id of an execution. They have no names."""
    known = normalise_id(word) if word != DEFAULT else None
    return known or fail(f"{word[:100]!r} is no id of an execution: that has 32 hexadecimal digits")


def _stored(word: str) -> str:
    try:
        return clean_name(word)
    except ValueError as error:
        fail(f"the name {word[:100]!r} {error}")


def _the_one(word: str, kind: str, found: Iterable[Any]) -> str:
    ids = [str(thing.id) for thing in found]
    if len(ids) > 1:
        lines = "\n".join(f"  {one}" for one in ids)
        fail(f"{len(ids)} {kind}s are named {word!r}; name one by its id:\n{lines}")
    return ids[0] if ids else fail(f"there is no {kind} named {word[:100]!r}")


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person is sure. Without a terminal only ``--yes`` says so."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Nobody can be asked here: add --yes to go on.")
    if not click.confirm(question, err=True):
        note("Nothing was done.")
        sys.exit(REFUSED)


def each(remote: Remote, ids: Sequence[str], act: Callable[[str], str | None], done: str) -> None:
    """Do something to each thing; tell what failed and go on. Exit code 1 if anything failed.

    What is told of a success is the text that ``act`` returns, or else ``done``.
    """
    results: list[dict[str, Any]] = []
    for one in ids:
        try:
            value = act(one)
        except Refused as error:
            note(f"Error: {one}: {refusal_lines(error)[0]}")
            results.append({"id": one, "error": error.message, "code": error.code})
        else:
            results.append({"id": one, "status": value or done})
            if not remote.output.as_json:
                click.echo(f"{one}: {value or done}")
    if remote.output.as_json:
        remote.output.json({"data": results})
    if any("error" in result for result in results):
        sys.exit(REFUSED)
