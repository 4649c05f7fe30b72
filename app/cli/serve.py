"""The whole product in the foreground on one machine."""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable

import click

from app import bootstrap, db
from app.cli import broker_server, folder_lock, roles
from app.cli.asking import address, ask
from app.cli.databases import leave_row
from app.cli.options import REFUSED, usable_folder
from app.cli.supervisor import Role, Supervisor
from app.cli.watchdog import Watchdog
from app.gateways import log_files
from app.gateways.service_manager import ServiceManager
from app.services import api_keys, installation
from app.settings import Settings
from app.version import VERSION
from migrations import apply


def serve(settings: Settings) -> int:
    """Start broker, API, workers and beat; return the exit code when they have ended."""
    folder = usable_folder(settings)
    lock = folder_lock.hold(folder)
    _refuse_taken_port(settings)
    bootstrap.start_logging("serve", settings)
    _warn_of_open_doors(settings)
    _say(f"OneOff {VERSION}: database {masked(settings.database)}")
    if settings.embeds_broker and broker_server.binary() is None:
        raise click.ClickException(broker_server.WAYS_OUT)
    roles.preload(settings)
    if roles.in_child(lambda: _prepare(settings)) != 0:
        return REFUSED
    folder_lock.write_address(folder, address(settings))
    manager = ServiceManager.of_this_start()
    supervisor = Supervisor(_roles(settings), _duties(settings, manager), manager.stopping)
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


def _duties(settings: Settings, manager: ServiceManager) -> Callable[[], float]:
    """Return what the parent does again and again while its children work."""
    logs = [settings.broker_log_file] if settings.embeds_broker else []
    logs += [settings.log_file] if log_files.is_used() else []
    announcement = Announcement(settings, manager)
    watchdog = Watchdog(manager, lambda: ask(settings, "/health"))
    rotation = log_files.Rotation(logs, settings.log_max_bytes, settings.log_keep)

    def look() -> float:
        announcement.look()
        rotation.look()
        if not announcement.said:
            return Announcement.EVERY_SECONDS
        return min(watchdog.look(), log_files.LOOK_SECONDS)

    return look


def _prepare(settings: Settings) -> None:
    """Find out before any part of the product runs whether it can."""
    migrate(settings)
    bootstrap.unlock(settings)


def migrate(settings: Settings) -> None:
    """Bring the database to this release's schema and seed its run-time values."""
    db.configure(settings.database)
    revision = apply.current(db.engine())
    if revision is None or revision in apply.known() - {apply.newest()}:
        apply.upgrade(db.engine())
    if problem := bootstrap.schema_problem(db.engine()):
        click.echo(problem, err=True)
        raise SystemExit(REFUSED)
    if revision != apply.newest():
        leave_row("cli.migrate", before=revision, after=apply.newest())
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

    EVERY_SECONDS = 0.1

    def __init__(self, settings: Settings, manager: ServiceManager) -> None:
        self.settings, self.manager = settings, manager
        self.began = time.monotonic()
        self.said = False
        self.next_look = 0.0

    def look(self) -> None:
        """Ask the product whether it is there, a few times a second until it is."""
        if self.said or time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + self.EVERY_SECONDS
        if answers(self.settings):
            self.said = True
            text = f"answers at {address(self.settings)}"
            _say(f"OneOff {text} (after {time.monotonic() - self.began:.1f} s)")
            self.manager.tell("READY=1", f"STATUS={text}")


def answers(settings: Settings) -> bool:
    """Return whether the API answers and workers take messages."""
    try:
        lanes = ask(settings, "/health")["workers"]["lanes"]
        return all(lanes[lane]["consuming"] for lane in ("run", "dispatch"))
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
