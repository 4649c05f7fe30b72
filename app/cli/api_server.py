"""The HTTP server: gunicorn with threads around the Flask application."""

import gc
import importlib
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from app import bootstrap, db
from app.gateways import forking, telemetry
from app.services.live import ending
from app.services.people import setup
from app.settings import Settings

log = logging.getLogger(__name__)

#: So many requests are worked on at once; streams have threads of their own.
THREADS = 16


#: A stream gives its turn back as soon as its answer has begun.
STREAMS: Final = ("text/event-stream",)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


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
            "worker_exit": _last_words,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application; called in the serving process."""
        bootstrap.start("api", self.settings)
        _invite_the_first(self.settings)
        with forking.loading():
            app = importlib.import_module("app.factory").create_app(self.settings)
        _leave_what_stays()
        return Turns(app, THREADS)


def _leave_what_stays() -> None:
    """Have the collector of garbage pass by what is there for good, and come less often.

    It took an eighth of the time of a request to walk through what the application is made of.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


def _last_words(_server: object, _worker: object) -> None:
    telemetry.stop()


class Turns:
    """A WSGI application of which at most so many requests are worked on at once.

    More threads than that are there for streams only: a burst of requests must not use those, nor
    more connections to the database than there are.
    """

    def __init__(self, app: Wsgi, most: int) -> None:
        self._app = app
        self._turns = threading.BoundedSemaphore(most)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> "_Answer":
        """Answer a request in its turn."""
        turn = _Turn(self._turns)
        environ["oneoff.end_turn"] = turn.end

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if any(n.lower() == "content-type" and v.startswith(STREAMS) for n, v in headers):
                turn.end()
            return start_response(status, headers, *rest)

        try:
            answer = self._app(environ, begin)
        except BaseException:
            turn.end()
            raise
        return _Answer(answer, turn)


class _Turn:
    """One request's turn; it is given back once, however often it ends."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns
        self._is_over = False
        turns.acquire()

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._turns.release()


class _Answer:
    """An answer at whose end its turn is given back."""

    def __init__(self, answer: Iterable[bytes], turn: _Turn) -> None:
        self._answer = answer
        self._turn = turn

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        """End the answer and the turn."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._turn.end()


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
