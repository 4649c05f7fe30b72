"""The HTTP server: gunicorn with threads around the Flask application."""

import importlib
import logging
import socket
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from app import bootstrap, db
from app.cli.turns import Turns
from app.services.live import ending
from app.services.people import setup
from app.settings import Settings

log = logging.getLogger(__name__)

#: So many requests are worked on at once; streams have threads of their own.
THREADS = 16


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Gunicorn's worker with threads, whose streams end as soon as it is told to."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end: take no more, and let what is under way come to its end."""
        ending.announce()
        self.method_queue.defer(ending.wake)
        super().handle_exit(sig, frame)


class Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """Gunicorn, told by us instead of by a configuration file."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn would read from its file."""
        for name, value in {
            "bind": _addresses(self.settings),
            "workers": 1,
            "threads": THREADS + self.settings.streams_max,
            "worker_class": Worker,
            "timeout": 60,
            "graceful_timeout": 5,
            "keepalive": 15,
            "loglevel": "warning",
            "forwarded_allow_ips": "",  # what proxies say is read by us: TRUSTED_PROXIES
            "limit_request_line": 8190,
            "limit_request_fields": 100,
            "proc_name": "oneoff-api",
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application; called in the serving process."""
        bootstrap.start("api", self.settings)
        _invite_the_first(self.settings)
        app = importlib.import_module("app.factory").create_app(self.settings)
        return Turns(app, THREADS)


def run(settings: Settings) -> None:
    """Serve until told to stop."""
    bootstrap.start_logging("api", settings)
    Server(settings).run()


def _invite_the_first(settings: Settings) -> None:
    """Say in the log how the first user is made, while there is none."""
    if not settings.auth_enabled:
        return
    with db.reading() as session:
        is_needed = setup.is_needed(session)
    if is_needed:
        log.warning(
            "there is no user yet; make the first: oneoff user create NAME --admin, or "
            "POST /setup/admin with the token %s",
            setup.token(),
        )


def _addresses(settings: Settings) -> list[str]:
    """Return what to listen on: ``localhost`` is both loopback addresses, where both exist."""
    if settings.host != "localhost":
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return [f"{host}:{settings.port}"]
    found = [f"127.0.0.1:{settings.port}"]
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("::1", settings.port))
    except OSError:
        return found
    return [*found, f"[::1]:{settings.port}"]
