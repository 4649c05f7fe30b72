"""Beside the executors: leases are renewed, cancels and the stop of the worker are noticed."""

import logging
import threading
import time
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import reading
from app.services import executions
from workers import fuse, usage
from workers.chunks import write_chunk
from workers.flights import Flight, Flights
from workers.ledger import Ledger

log = logging.getLogger(__name__)

RENEW_SECONDS = 3.0
CANCEL_SECONDS = 0.4
FLUSH_SECONDS = 0.05
#: What was claimed ahead goes back if its turn does not come within so long.
GIVE_BACK_SECONDS = 0.1


@dataclass
class Heartbeat:
    """Two small threads of a process that runs executions: its pulse and its log flusher."""

    worker: str
    flights: Flights
    ledger: Ledger
    lease: float
    grace: float
    _renew_at: float = 0.0
    _look_at: float = 0.0
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start the threads; they sleep while nothing runs."""
        for target in (self._pulse, self._flush):
            thread = threading.Thread(target=self._forever, args=(target,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _forever(self, step: object) -> None:
        assert callable(step)  # noqa: S101
        while True:
            self.flights.some.wait()
            try:
                step()
            except Exception:
                log.exception("the heartbeat stumbled; it goes on")
                time.sleep(0.5)

    def _pulse(self) -> None:
        self._check_stop()
        self._give_back()
        moment = time.monotonic()
        if moment >= self._look_at:
            self._look_at = moment + CANCEL_SECONDS
            self._look_for_cancels()
        self._renew(moment)
        time.sleep(0.1)

    def _check_stop(self) -> None:
        since = fuse.stopping_since()
        if since and time.monotonic() > since + self.grace:
            for flight in self.flights.all():
                flight.stop.set("shutdown")

    def _give_back(self) -> None:
        """Let others have what was claimed ahead, if the one before it takes its time."""
        waiting = self.flights.take_waiting(GIVE_BACK_SECONDS)
        if waiting:
            claims = [flight.claim for flight in waiting]
            self.ledger.call(lambda session: executions.give_back(session, claims))

    def _look_for_cancels(self) -> None:
        ids = [flight.claim.id for flight in self.flights.all()]
        try:
            with reading() as session:
                found = executions.cancellations(session, ids)
        except SQLAlchemyError as error:
            log.debug("can't look for cancels: %s", error)
            return
        for execution_id, forced in found.items():
            flight = self.flights.get(execution_id)
            if flight is not None:
                flight.stop.set("force" if forced else "cancel")

    def _renew(self, moment: float) -> None:
        """Renew all leases in one query once one of them is old enough; a claim's is fresh."""
        held = self.flights.all()
        every = min(RENEW_SECONDS, self.lease / 3)
        if moment < self._renew_at or all(moment - f.renewed < every for f in held):
            return
        self._renew_at = moment + every / 2
        pairs = [(f.claim.id, f.claim.epoch) for f in held]
        asked = time.monotonic()
        try:
            alive = self.ledger.call(lambda session: self._write_renewal(session, pairs, held))
        except SQLAlchemyError as error:
            log.warning("can't renew %d leases: %s", len(pairs), type(error).__name__)
            self._end_unrenewable(held)
            return
        for flight in held:
            if flight.claim.id in alive:
                flight.renewed = asked
            elif self.flights.get(flight.claim.id) is flight:
                log.warning("execution %s was taken from this worker", flight.claim.id)
                flight.stop.set("fenced")

    def _write_renewal(
        self, session: Session, pairs: list[tuple[str, int]], held: list[Flight]
    ) -> set[str]:
        alive = executions.renew(session, self.worker, pairs, self.lease)
        usage.write(session, [flight.metered for flight in held])
        return alive

    def _end_unrenewable(self, held: list[Flight]) -> None:
        """Without the database somebody else may start what is to be retried: end that here."""
        for flight in held:
            silent = time.monotonic() - flight.renewed
            if flight.claim.on_lost == "retry" and silent > self.lease:
                flight.stop.set("fenced")

    def _flush(self) -> None:
        moment = time.monotonic()
        for flight in self.flights.all():
            if flight.sink.due(moment):
                self._write(flight)
        time.sleep(FLUSH_SECONDS)

    def _write(self, flight: Flight) -> None:
        chunk = flight.sink.take()
        while chunk is not None:
            part = chunk
            try:
                self.ledger.call(partial(write_chunk, execution_id=flight.claim.id, chunk=part))
            except SQLAlchemyError as error:
                log.warning("can't write output: %s", type(error).__name__)
                flight.sink.give_back(part)
                time.sleep(0.5)
                return
            chunk = flight.sink.take()
