"""The clock process: hands off what falls due, mends what got lost, rings for chores."""

import logging
import signal
import time
from collections.abc import Callable
from typing import Any

from celery.beat import Scheduler, Service
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import bootstrap
from app.db import reading, transaction
from app.gateways import broker, pulse, telemetry, wal
from app.gateways.telemetry import Measure
from app.services import chain_runs, handoff, pauses, queues, recovery, statistics
from app.services.audit import chain as audit_chain
from app.services.chain_runs import firing as chain_firing
from app.services.jobs import lifecycle
from app.services.notifications import sending
from app.services.recovery import QueueSweep
from app.services.schedules import firing
from app.services.webhooks import deliveries
from app.settings import Settings
from beat import leader
from beat.chores import Timetable
from beat.vigil import Vigil

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
#: A round fires schedules, or hands off rows, for no longer; the next one goes on.
PASSES_SECONDS = 0.8
#: Between two passes others who wait to write have their turn.
TURN_SECONDS = 0.005
#: Nor does it seal rows of the audit log for longer.
SEALING_SECONDS = 0.5
#: While so many rings for webhooks wait in the broker, no more are added.
MOST_WEBHOOK_RINGS = 100
_DEPTH = Measure("oneoff.queue.depth", "Executions that wait for a slot of the queue.")


class LedgerScheduler(Scheduler):
    """Celery's beat on our rows: its own heap of schedules is not used."""

    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.identity = leader.identity()
        self.vigil = Vigil(self.settings.lease_seconds)
        self.sweep = QueueSweep()
        self.timetable = Timetable()
        self.leads = False
        self.renew_at = 0.0
        telemetry.observe(_DEPTH, "queue", self._depths)
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """There is no schedule to load: the rows are the schedule."""

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """Do one round; return the seconds until the next."""
        began = time.monotonic()
        try:
            self._round()
            pulse.give(self.settings.folder, "beat")
        except SQLAlchemyError as error:
            self.vigil.broken()
            log.warning("the database is away: %s", type(error).__name__)
        except Exception:
            log.exception("a round of beat failed; the next one tries again")
        return max(0.05, TICK_SECONDS - (time.monotonic() - began))

    def close(self) -> None:
        """Let another beat lead at once."""
        try:
            with transaction() as session:
                leader.resign(session, self.identity)
        except SQLAlchemyError as error:
            log.debug("could not resign: %s", type(error).__name__)

    def _depths(self) -> dict[str, float]:
        """Return how many executions wait in each queue; of several beats only one says so."""
        if not self.leads:
            return {}
        with reading() as session:
            return {name: depth for name, (depth, _) in statistics.queues(session).items()}

    def _round(self) -> None:
        self._lead()
        if self.leads:
            self._fire()
        trusted = self.vigil.seen()
        if not self.leads:
            return
        horizon = self.settings.handoff_horizon_seconds
        _in_passes(lambda s: handoff.hand_off_due(s, horizon), handoff.rows_a_pass())
        _in_passes(handoff.queue_overdue, handoff.rows_a_pass())
        with transaction() as session:
            queues.tend(session)
        self._seal()
        if trusted:
            with transaction() as session:
                recovery.judge_expired(session)
        self._ring()

    def _lead(self) -> None:
        """Take the lead or renew it. Who has it renews it only now and then: that is a write."""
        if self.leads and time.monotonic() < self.renew_at:
            return
        with transaction() as session:
            self.leads = leader.lead(session, self.identity)
        self.renew_at = time.monotonic() + leader.RENEW_SECONDS

    def _seal(self) -> None:
        """Seal rows of the audit log; what is left, the next round does."""
        with reading() as session:
            is_needed = audit_chain.has_unsealed(session)
        end = time.monotonic() + SEALING_SECONDS
        while is_needed and time.monotonic() < end:
            with transaction() as session:
                is_needed = audit_chain.seal(session) == audit_chain.BATCH

    def _fire(self) -> None:
        """End pauses that are over, and fire the schedules whose next moment is near."""
        if self._is_paused():
            return
        with transaction() as session:
            lifecycle.resume_overdue(session)
        with transaction() as session:
            chain_firing.fire_due(session)
        horizon = self.settings.handoff_horizon_seconds
        _in_passes(lambda s: firing.fire_due(s, horizon), firing.jobs_a_pass())

    def _is_paused(self) -> bool:
        """End a pause of the installation that is over; return whether one goes on."""
        with reading() as session:
            if not pauses.is_open(session):
                return False
        with transaction() as session:
            pauses.end_expired(session)
            return pauses.is_open(session)

    def _ring(self) -> None:
        """Repair wake-ups and ring for chores, unless the broker failed a moment ago."""
        if broker.is_paused():
            return
        with transaction() as session:
            rings = self.sweep.rings(session)
            webhooks = deliveries.due_webhooks(session, MOST_WEBHOOK_RINGS)
            has_mail = sending.are_due(session)
        if rings:
            broker.ring(rings, {})
        broker.ring_webhooks(webhooks, MOST_WEBHOOK_RINGS)
        if has_mail:
            sending.ring()
        with transaction() as session:
            chain_runs.repair(session)
        for name in self.timetable.due():
            broker.send_chore(name)


def _in_passes(do: Callable[[Session], int], most: int) -> None:
    """Repeat a unit of work until it saw fewer than ``most`` rows, or the time for it is over."""
    end = time.monotonic() + PASSES_SECONDS
    while True:
        with transaction() as session:
            seen = do(session)
        if seen < most or time.monotonic() >= end:
            return
        time.sleep(TURN_SECONDS)


def run(settings: Settings) -> None:
    """Run beat until it is told to stop."""
    bootstrap.start("beat", settings)
    wal.start(settings.database)
    LedgerScheduler.settings = settings
    service = Service(broker.make_app("oneoff-beat"), scheduler_cls=LedgerScheduler)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    log.info("beat runs")
    service.start()
    telemetry.stop()
