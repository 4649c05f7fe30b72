"""claim -> perform -> settle: the loop by which a slot works off its queues."""

import itertools
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import after_commit, reading
from app.gateways.messages import Ring
from app.services import chain_runs, executions, tallies
from app.services.chain_runs import Place
from app.services.executions import Claim, Owner
from app.services.wakeups import carrying, drop_needless_rings, ring_after_commit
from workers import fuse, usage
from workers.chunks import write_chunk
from workers.executors.base import Options
from workers.executors.stop import StopSignal
from workers.feed import Feed
from workers.flights import Flight, Flights
from workers.heartbeat import Heartbeat
from workers.ledger import Ledger
from workers.log_sink import LogSink
from workers.performer import Ended, Performer
from workers.telling import tell_lines, tell_sample
from workers.usage import UsageMeter

log = logging.getLogger(__name__)

#: A slot goes on claiming for so long after a ring, then lets the broker speak again.
SLICE_SECONDS = 1.0
#: Every so many claims the row that has waited longest is taken, so that nothing starves.
FAIR_EVERY = 10

#: So many rings in a row that found nothing: there may be many more.
IDLE_RINGS = 5

#: A worker that stops tries so long, beyond the grace of its jobs, to write their ends.
SETTLE_SECONDS = 10.0
#: Repeatable rows may be claimed ahead for about so much work.
AHEAD_SECONDS = 0.02


@dataclass(slots=True)
class Pace:
    """How long attempts took lately, and so how many may be claimed ahead."""

    seconds: float = 1.0

    def took(self, seconds: float) -> None:
        """Note a duration; long ones count at once, short ones little by little."""
        self.seconds = max(seconds, self.seconds * 0.7 + seconds * 0.3)

    def rows(self, most: int) -> int:
        """Return how many rows to claim, from 1 to ``most``."""
        return max(1, min(most, int(AHEAD_SECONDS / max(self.seconds, 0.0001))))


@dataclass
class Runner:
    """One process that runs executions, with one slot (prefork) or several (threads)."""

    worker: str
    queues: Callable[[Session], Sequence[str]]
    options: Options
    lease: float
    grace: float
    max_output_bytes: int
    #: The most rows claimed in one transaction.
    most_ahead: int = 10
    #: How many processes like this one the worker has.
    slots: int = 1
    ledger: Ledger = field(default_factory=Ledger)
    flights: Flights = field(default_factory=Flights)
    _local: threading.local = field(default_factory=threading.local)
    _slots: Iterator[int] = field(default_factory=itertools.count)
    _claims: int = 0
    #: Rings that found nothing to do, not yet counted in the ledger.
    _idle_rings: int = 0
    _idle_in_a_row: int = 0
    _pace: Pace = field(default_factory=Pace)
    _performer: Performer = field(init=False)

    def __post_init__(self) -> None:
        self._performer = Performer(self.options, Feed(self.worker, self.slots))

    def start(self) -> None:
        """Start the heartbeat beside the slots."""
        Heartbeat(self.worker, self.flights, self.ledger, self.lease, self.grace).start()

    def drain(self) -> None:
        """Claim and run rows until none is left or the slice is over.

        If rows are left then, a ring for this slot goes out before the caller acknowledges its
        own. Returns when everything it ran is settled.
        """
        if not self._rows_wait():
            self._was_idle()
            return
        self._idle_in_a_row = 0
        slice_end = time.monotonic() + SLICE_SECONDS
        ended: list[Ended] = []
        while True:
            over = time.monotonic() >= slice_end or bool(fuse.stopping_since())
            claims = self._next(ended, last=over)
            if not claims:
                return
            ended = self._perform_all(claims)

    def run_link(self, place: Place) -> bool:
        """Run the execution of a chain's link, if it waits for this message.

        Returns, once that is settled, whether the next link is to be published.
        """
        if self._rows_wait():  # this message may have stood for a ring, and drains nothing
            self._insist(self._ring_if_rows_are_left)
        claims: list[Claim] = []
        self._insist(lambda s: claims.extend(self._link(s, place)))
        if not claims:
            with reading() as session:
                return chain_runs.is_next(session, place)
        ended = self._perform_all(claims[-1:])
        answers: list[bool] = []

        def step(session: Session) -> None:
            chain_runs.lock_for_end(session, claims[-1])
            with carrying(session, place.chain_run_id):
                self._settle(session, ended)
            answers.append(chain_runs.finish(session, place))

        self._insist(step, self.grace + SETTLE_SECONDS)
        return bool(answers) and answers[-1]

    def _link(self, session: Session, place: Place) -> list[Claim]:
        executions.take_turn(session, self.queues(session))
        claim = chain_runs.take(session, place, self._owner(), self.lease)
        return [] if claim is None else [claim]

    def _next(self, ended: Sequence[Ended], *, last: bool) -> list[Claim]:
        """Settle what was run and claim what comes next, in one transaction."""
        self._claims += 1
        oldest = self._claims % FAIR_EVERY == 0
        owner, limit = self._owner(), 1 if oldest else self._pace.rows(self.most_ahead)

        def step(session: Session) -> list[Claim]:
            queues = self.queues(session)
            executions.take_turn(session, queues)
            self._settle(session, ended)
            if last:
                self._ring_if_rows_are_left(session)
                return []
            taken = executions.claim(session, owner, queues, limit, self.lease, oldest=oldest)
            if self._idle_rings:
                tallies.add(session, "events", "duplicates", self._idle_rings)
                after_commit(session, self._idle_rings_counted)
            return taken

        try:
            return self.ledger.call(step)
        except SQLAlchemyError as error:
            return self._after_failure(error, ended)

    def _rows_wait(self) -> bool:
        """Return whether a row waits: a ring whose row was served already costs no write."""
        try:
            with reading() as session:
                return executions.has_claimable(session, self.queues(session))
        except SQLAlchemyError:
            return True

    def _was_idle(self) -> None:
        """Count a ring that found nothing; after some of them drop those that wait needlessly."""
        self._idle_rings += 1
        self._idle_in_a_row += 1
        if self._idle_in_a_row < IDLE_RINGS:
            return
        self._idle_in_a_row = 0
        try:
            with reading() as session:
                drop_needless_rings(session, self.queues(session))
        except Exception as error:
            log.debug("needless rings stay: %s", error)

    def _idle_rings_counted(self) -> None:
        self._idle_rings = 0

    def _settle(self, session: Session, ended: Sequence[Ended]) -> None:
        if not ended:
            return
        for end in ended:
            for chunk in end.chunks:
                write_chunk(session, end.flight.claim.id, chunk)
        usage.write(session, [end.flight.metered for end in ended])
        executions.settle_all(session, [(end.flight.claim, end.result) for end in ended])
        after_commit(session, lambda: self._forget(ended))

    def _forget(self, ended: Sequence[Ended]) -> None:
        for end in ended:
            self.flights.remove(end.flight)
            end.flight.stop.close()

    def _after_failure(self, error: SQLAlchemyError, ended: Sequence[Ended]) -> list[Claim]:
        """Settle at all costs; then go on with what the database has for this slot."""
        if not isinstance(error, IntegrityError):
            log.warning("the database failed a claim: %s", type(error).__name__)
        if ended:
            patience = self.grace + SETTLE_SECONDS
            self._insist(lambda session: self._settle(session, ended), patience)
        if isinstance(error, IntegrityError):
            self._insist(lambda s: executions.resolve_overlaps(s, self.queues(s)))
            return self._next([], last=False)
        owner = self._owner()
        adopted: list[list[Claim]] = []
        self._insist(lambda s: adopted.append(executions.unstarted(s, owner)))
        return adopted[-1] if adopted else []

    def _owner(self) -> Owner:
        """Return the calling slot: each thread is one, and runs one attempt at a time."""
        slot: str | None = getattr(self._local, "slot", None)
        if slot is None:
            self._local.slot = slot = f"{os.getpid()}.{next(self._slots)}"
        return Owner(self.worker, slot)

    def _ring_if_rows_are_left(self, session: Session) -> None:
        if fuse.stopping_since():
            return
        for queue in self.queues(session):
            if executions.has_claimable(session, [queue]):
                ring_after_commit(session, [Ring(queue, 5, ("", 0))])
                return

    def _insist(self, do: Callable[[Session], Any], patience: float = 0.0) -> None:
        """Repeat a piece of database work until it is committed.

        Once the worker is told to stop there are ``patience`` seconds left. What is not written
        then is judged when its lease has run out.
        """
        pause = 0.1
        while not (since := fuse.stopping_since()) or time.monotonic() < since + patience:
            try:
                self.ledger.call(do)
            except SQLAlchemyError as error:
                log.warning("the database is away (%s); trying again", type(error).__name__)
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
                pause = min(pause * 2, 5.0)
            else:
                return

    def _flight(self, claim: Claim) -> Flight:
        sink = LogSink(claim.id, self.max_output_bytes, tell_lines)
        meter = UsageMeter(tell=partial(tell_sample, claim.id))
        return Flight(claim, sink, StopSignal(), meter=meter)

    def _perform_all(self, claims: Sequence[Claim]) -> list[Ended]:
        """Run what was claimed, one after the other."""
        flights = [self._flight(claim) for claim in claims]
        for flight in flights:
            self.flights.add(flight)
        ended = []
        for flight in flights:
            if self.flights.begin(flight):
                ended.append(self._performer.perform(flight))
                self._pace.took(ended[-1].result.duration_ms / 1000)
            else:
                flight.stop.close()
        return ended
