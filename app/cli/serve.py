"""The whole product in the foreground on one machine."""

import fcntl
import http.client
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any

import click

from app import bootstrap, db
from app.cli import broker_server, roles
from app.cli.options import REFUSED, usable_folder
from app.cli.supervisor import Role, Supervisor
from app.services import api_keys, installation
from app.settings import Settings
from app.version import VERSION
from migrations import apply


def serve(settings: Settings) -> int:
    """Start broker, API, workers and beat; return the exit code when they have ended."""
    folder = usable_folder(settings)
    lock = _lock(folder)
    _refuse_taken_port(settings)
    bootstrap.start_logging("serve", settings)
    _warn_of_open_doors(settings)
    _say(f"OneOff {VERSION}: database {masked(settings.database)}")
    if settings.embeds_broker and broker_server.binary() is None:
        raise click.ClickException(broker_server.WAYS_OUT)
    roles.preload()
    if roles.in_child(lambda: migrate(settings)) != 0:
        return REFUSED
    supervisor = Supervisor(_roles(settings), Announcement(settings).look)
    try:
        return supervisor.run()
    finally:
        lock.close()


def _warn_of_open_doors(settings: Settings) -> None:
    if settings.auth_enabled:
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        _say("Warning: running as root without authentication; whoever reaches this port is root.")
    else:
        _say(
            "Warning: authentication is off (AUTH_ENABLED=false): everybody on this machine can "
            "run jobs in your name."
        )


def migrate(settings: Settings) -> None:
    """Bring the database to this release's schema and seed its run-time values."""
    db.configure(settings.database)
    revision = apply.current(db.engine())
    if revision is not None and revision not in apply.known():
        problem = bootstrap.schema_problem(db.engine())
        if problem:
            click.echo(problem, err=True)
            raise SystemExit(REFUSED)
    else:
        apply.upgrade(db.engine())
    with db.transaction() as session:
        installation.seed_config(session, settings)
        if settings.auth_enabled and not api_keys.exist(session):
            _say("There is no API key yet; make the first: oneoff apikey create --scopes admin …")


def _roles(settings: Settings) -> list[Role]:
    """Return what to run, in the order of the start."""
    found = [
        roles.run_pool(settings),
        roles.dispatcher(settings),
        roles.auxiliary(settings),
        roles.api(settings),
        roles.beat(settings),
    ]
    return [roles.broker(settings), *found] if settings.embeds_broker else found


def _lock(folder: Path) -> IO[str]:
    """Hold the data folder: two products on one folder would fight over it."""
    lock = (folder / "oneoff.pid").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise click.ClickException(
            f"{folder} is in use by the OneOff with process number {lock.read().strip()}"
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"can't listen on {settings.host}:{settings.port}: {error.strerror}; "
                "choose another with --port"
            ) from None


def masked(url: str) -> str:
    """Return a database address without its password."""
    head, at, tail = url.rpartition("@")
    if not at:
        return url
    scheme, _, login = head.partition("://")
    return f"{scheme}://{login.partition(':')[0]}:***@{tail}"


class Announcement:
    """Says once that the product answers: API up, and a worker that takes messages."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.began = time.monotonic()
        self.said = False
        self.next_look = 0.0

    def look(self) -> None:
        """Ask the product whether it is there, a few times a second until it is."""
        if self.said or time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + 0.1
        if self._answers():
            self.said = True
            seconds = time.monotonic() - self.began
            _say(f"OneOff answers at {address(self.settings)} (after {seconds:.1f} s)")

    def _answers(self) -> bool:
        try:
            lanes = ask(self.settings, "/health")["workers"]["lanes"]
            return all(lanes[lane]["consuming"] for lane in ("run", "dispatch"))
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return False


def address(settings: Settings) -> str:
    """Return the address of the product for people."""
    host = _own_host(settings)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _own_host(settings: Settings) -> str:
    """Return the name by which this machine itself reaches the API."""
    return "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104


def ask(settings: Settings, path: str, seconds: float = 5) -> dict[str, Any]:
    """Return the JSON answer of the running product. Raises ``OSError`` if it does not answer."""
    connection = http.client.HTTPConnection(_own_host(settings), settings.port, timeout=seconds)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
