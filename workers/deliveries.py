"""Sends what is due to webhooks, one endpoint at a time."""

import functools
import time
from dataclasses import dataclass

from app.db import transaction
from app.gateways import broker
from app.gateways.http import Door
from app.services.webhooks import deliveries
from app.services.webhooks.deliveries import LEASE_MARGIN_SECONDS
from workers import fuse, process
from workers.shares import Shares

#: After so long a thread lets the other webhooks have their turn.
SLICE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends deliveries under the limits of this process."""

    door: Door
    shares: Shares
    max_retries: int

    def drain(self, webhook_id: str) -> None:
        """Send what is due to a webhook, for at most one slice and the try it ends in.

        Without a free share nothing is done: whoever holds it goes on, and beat rings again.
        """
        if not self.shares.take(webhook_id):
            return
        try:
            is_done = self._drain(webhook_id, time.monotonic() + SLICE_SECONDS)
        finally:
            self.shares.give_back(webhook_id)
        if not is_done:
            broker.ring_webhooks([webhook_id])

    def _drain(self, webhook_id: str, end: float) -> bool:
        while not fuse.stopping_since():
            if time.monotonic() >= end:
                return False
            if not self._send_next(webhook_id):
                return True
        return True

    def _send_next(self, webhook_id: str) -> bool:
        with transaction() as session:
            lease = self.door.seconds + LEASE_MARGIN_SECONDS
            attempt = deliveries.claim(session, webhook_id, lease)
        if attempt is None:
            return False
        outcome = deliveries.send(attempt, self.door)
        with transaction() as session:
            deliveries.record(session, attempt, outcome, self.max_retries)
        self.shares.note(webhook_id, well=outcome.is_success)
        return True


@functools.cache
def sender() -> Sender:
    """Return this process's sender."""
    own = process.settings()
    door = Door(own.webhook_outbound, own.webhook_timeout_seconds)
    return Sender(door, Shares(process.identity().slots), own.webhook_max_retries)
