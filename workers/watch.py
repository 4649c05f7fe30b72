"""In a worker's main process: its heartbeat, and an eye on its pool processes."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from celery.worker.state import active_requests
from sqlalchemy.exc import SQLAlchemyError

from app.db import reading, transaction
from app.gateways import broker, pulse
from app.gateways.messages import Ring
from app.gateways.task_events import TaskEvents
from app.services import executions, installation, recovery, statistics, workers
from app.settings import Settings
from workers import fuse

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0
DRAINED_SECONDS = 1.0
#: A pool of processes is looked at so often.
LOOK_SECONDS = 0.2
#: The watchdog ends a pool process that is so far over the deadline of what it runs.
FUSE_SECONDS = 60.0


@dataclass
class Watch:
    """A thread that watches over one worker; ``consumer`` is Celery's, once it is ready."""

    settings: Settings
    worker_id: str
    queues: tuple[str, ...]
    slots: int
    #: Whether the worker serves all run queues, those to come too.
    serves_all: bool
    #: Whether the number of slots follows the run-time value workers_count.
    elastic: bool
    consumer: Any = None
    #: Called when a process may have died, after its executions were judged.
    after_death: Callable[[], None] = lambda: None
    _pids: set[int] = field(default_factory=set)
    _looped_at: float = 0.0
    _beat_at: float = 0.0
    _asked_at: float = 0.0
    _drained: bool = False
    _events: TaskEvents = field(init=False)

    def __post_init__(self) -> None:
        self._events = TaskEvents(self.worker_id)

    def start(self, consumer: Any) -> None:
        """Begin to watch; called when the worker takes its first messages."""
        self.consumer = consumer
        self._tick_in_the_loop()
        threading.Thread(target=self._forever, daemon=True).start()

    def _tick_in_the_loop(self) -> None:
        """Have the consumer's own loop say that it turns: alive is not the same as consuming."""

        def turned() -> None:
            self._looped_at = time.monotonic()

        turned()
        self.consumer.timer.call_repeatedly(1.0, turned)

    def _forever(self) -> None:
        self._kick()
        while not fuse.stopping_since():
            try:
                self._look()
            except SQLAlchemyError as error:
                log.warning("the database is away: %s", type(error).__name__)
                time.sleep(1)
            except Exception:
                log.exception("the watch stumbled; it goes on")
                time.sleep(1)
            time.sleep(LOOK_SECONDS if self._pids else DRAINED_SECONDS)

    def _look(self) -> None:
        self._judge_dead_processes()
        moment = time.monotonic()
        if moment >= self._asked_at:
            self._asked_at = moment + DRAINED_SECONDS
            self._drain_or_resume()
        if moment >= self._beat_at:
            self._beat_at = moment + HEARTBEAT_SECONDS
            consuming = moment - self._looped_at < HEARTBEAT_SECONDS
            self._heartbeat(consuming=consuming)
            if consuming:
                pulse.give(self.settings.folder, statistics.lane_of(self.queues))
            if fuse.is_watched():
                self._events.heartbeat(active=len(active_requests), every=HEARTBEAT_SECONDS)

    def _judge_dead_processes(self) -> None:
        present = self._pool_pids()
        for pid in present:
            if fuse.blown(pid, FUSE_SECONDS):
                log.error("process %d is stuck far over its deadline; ending it", pid)
                os.kill(pid, signal.SIGKILL)
        for pid in self._pids - present:
            with transaction() as session:
                recovery.lose_owned(session, self.worker_id, pid, "its process died")
            self.after_death()
        self._pids = present

    def _pool_pids(self) -> set[int]:
        pool = getattr(self.consumer.pool, "_pool", None)
        processes = getattr(pool, "_pool", None)
        return {p.pid for p in list(processes)} if isinstance(processes, list) else set()

    def _heartbeat(self, *, consuming: bool) -> None:
        with transaction() as session:
            workers.heartbeat(session, self.worker_id, consuming=consuming, slots=self.slots)
            names = workers.run_queues(session) if self.serves_all else self.queues
            wanted = (
                installation.runtime_value(session, self.settings, "workers_count")
                if self.elastic
                else self.slots
            )
        self._serve(names)
        self._resize(int(wanted) or self.settings.slots)

    def _serve(self, names: tuple[str, ...]) -> None:
        """Take in run queues that jobs have named since the start."""
        new = set(names) - set(self.queues)
        if not new:
            return
        for name in new:
            queue = broker.queue_named(name)
            self.consumer.app.amqp.queues.add(queue)
            if not self._drained:
                self._tell("add_consumer", queue=queue.name)
            self.queues = (*self.queues, name)
        with transaction() as session:
            workers.set_queues(session, self.worker_id, self.queues)

    def _drain_or_resume(self) -> None:
        """Leave messages to others while this worker is drained.

        What it took meanwhile without doing anything is rung for again.
        """
        with reading() as session:
            drained = workers.is_drained(session, self.worker_id)
        if drained == self._drained:
            return
        self._drained = drained
        for name in self.queues:
            verb = "cancel_consumer" if drained else "add_consumer"
            self._tell(verb, queue=broker.queue_named(name).name)
        log.info("this worker %s", "is drained" if drained else "takes work again")
        with transaction() as session:
            executions.ring_waiting(session, self.queues)

    def _resize(self, wanted: int) -> None:
        if self.elastic and wanted != self.slots:
            verb = "pool_grow" if wanted > self.slots else "pool_shrink"
            self._tell(verb, n=abs(wanted - self.slots))
            log.info("run slots: %d instead of %d", wanted, self.slots)
            self.slots = wanted

    def _tell(self, verb: str, **arguments: Any) -> None:
        self.consumer.app.control.broadcast(
            verb, destination=[self.consumer.hostname], arguments=arguments
        )

    def _kick(self) -> None:
        """Ring for rows that wait already: their rings may have gone to workers now dead."""
        try:
            with transaction() as session:
                workers.stop_dead_on_this_host(session)
            self.after_death()
            with transaction() as session:
                waiting = [q for q in self.queues if executions.has_claimable(session, [q])]
            for queue in waiting:
                broker.ring([Ring(queue, 5, ("", 0))] * self.slots, {})
        except Exception:
            log.exception("can't look for waiting rows; the sweeper will")
