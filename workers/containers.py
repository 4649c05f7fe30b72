"""Looks after containers: none goes on when no worker runs its execution any more."""

import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from app.db import reading, transaction
from app.services import engines, executions
from workers import fuse
from workers.executors.docker import connect
from workers.executors.refusal import Refusal

if TYPE_CHECKING:
    from workers.executors.docker_engine import Engine, Found

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
#: How often to see whether there are docker jobs by now.
_UNUSED_SECONDS = 5.0
#: An engine that is slower is stuck, and is asked again later.
_PATIENCE_SECONDS = 10.0


class Caretaker:
    """A thread in the main process of a worker that runs jobs.

    While there is no docker job it costs one small query each time. It touches containers of its
    own installation only: others may share the engine.
    """

    def __init__(self, docker_host: str, installation_id: str, worker_id: str) -> None:
        self._host, self._installation_id = docker_host, installation_id
        self._worker_id = worker_id
        self._reached: bool | None = None
        self._awake = threading.Event()

    def start(self) -> None:
        """Begin to look, at once and then now and again."""
        threading.Thread(target=self._forever, daemon=True).start()

    def look_now(self) -> None:
        """Look soon: somebody has died."""
        self._awake.set()

    def look(self) -> None:
        """Clear away what nobody runs any more, and record whether there is an engine."""
        with reading() as session:
            if not engines.are_used(session):
                return
        try:
            self._clear_all()
        except Refusal as refusal:
            self._say(reached=False, why=str(refusal))
        else:
            self._say(reached=True)

    def _forever(self) -> None:
        while not fuse.stopping_since():
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("the database is away: %s", type(error).__name__)
            except Exception:
                log.exception("can't look after containers; trying again")
            self._awake.wait(_UNUSED_SECONDS if self._reached is None else EVERY_SECONDS)
            self._awake.clear()

    def _clear_all(self) -> None:
        with connect(self._host, _PATIENCE_SECONDS) as engine:
            # In this order: what is made after the list was read is not in it.
            found = engine.containers_of(self._installation_id)
            with reading() as session:
                claims = [(one.execution_id, one.epoch) for one in found]
                running = executions.running(session, claims)
            for one in found:
                if (one.execution_id, one.epoch) not in running:
                    _clear(engine, one)

    def _say(self, *, reached: bool, why: str = "") -> None:
        if reached == self._reached:
            return
        if not reached:
            log.warning("docker jobs fail here: %s", why)
        with transaction() as session:
            engines.report(session, self._worker_id, reached=reached)
        self._reached = reached


def _clear(engine: "Engine", found: "Found") -> None:
    """Remove a container, unless it is to be kept and ended by itself."""
    try:
        if found.is_kept and found.status == "exited":
            return
        if found.is_kept and found.status == "running" and not engine.kill(found.id, "SIGKILL"):
            return
        engine.remove(found.id)
    except Refusal as refusal:
        log.warning("can't remove the container of %s: %s", found.execution_id, refusal)
    else:
        log.warning("removed the container of execution %s", found.execution_id)
