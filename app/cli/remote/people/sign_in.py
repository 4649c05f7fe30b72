"""The commands that sign a person in and out, and say who asks."""

import sys

import click

from app.cli.commands import Command
from app.cli.remote import tokens
from app.cli.remote.session import Remote, fail, remote
from app.client import Client, Tokens


@click.command(cls=Command)
@click.option("--username", metavar="NAME", help="Who signs in; asked for otherwise.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@remote(knows_who=False)
def login(remote: Remote, username: str | None, *, password_stdin: bool) -> None:
    """Sign in to a server. The password is asked for, and kept nowhere.

    What is kept, in a file that only you can read, are tokens: they are renewed by use, and end
    after two weeks without any.
    """
    name = username or _asked("Username")
    password = (
        sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked_secretly("Password")
    )
    made = remote.client.sign_in.login(name, password)
    if made.user.must_change_password:
        made = _with_new_password(remote, made, password)
    tokens.keep(remote.client.url, made)
    who = made.user
    sentence = f"signed in to {remote.client.url} as {who.username} ({', '.join(who.roles)})"
    remote.output.done(who.wire, sentence)


@click.command(cls=Command)
@remote(knows_who=False)
def logout(remote: Remote) -> None:
    """Sign out: the tokens are worth nothing any more, here or elsewhere."""
    url = remote.client.url
    token = tokens.entry(url).get("refresh_token")
    tokens.forget(url)
    count = remote.client.sign_in.logout(str(token)) if token else 0
    sentence = f"signed out of {url}" if count else f"nobody was signed in to {url}"
    remote.output.done({"sessions": count}, sentence)


@click.command(cls=Command)
@remote()
def whoami(remote: Remote) -> None:
    """Say who asks: the person who has signed in, or the API key."""
    who = remote.client.sign_in.who()
    roles = f" ({', '.join(who.roles)})" if who.roles else ""
    remote.output.done(who.wire, f"{who.username or who.actor}{roles} at {remote.client.url}")


def _with_new_password(remote: Remote, made: Tokens, password: str) -> Tokens:
    """Return new tokens, after whoever signs in has chosen a new password."""
    click.echo("Somebody else has set your password. Choose a new one.", err=True)
    new = _asked_secretly("New password")
    if new != _asked_secretly("New password again"):
        fail("the two passwords are not the same; sign in again")
    with Client(remote.client.url, made.token) as client:
        return client.sign_in.change_password(password, new)


def _asked(what: str) -> str:
    _refuse_unless_terminal()
    return str(click.prompt(what, err=True))


def _asked_secretly(what: str) -> str:
    _refuse_unless_terminal()
    return str(click.prompt(what, hide_input=True, err=True))


def _refuse_unless_terminal() -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "nobody is here to be asked; programs use API keys, or --username and --password-stdin"
        )
