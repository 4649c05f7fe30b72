"""The outbox: deliveries are written in the unit of work of their event.

A process remembers the active webhooks and looks at most once a second whether there are others:
one made or changed holds in all processes within a second. While there is none, an event costs
nothing but that look.

The rows are written at the very end of the unit of work. There they need few queries, however
many events there were, and the numbers they take from their webhook lock it only for the commit.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.clock import now
from app.domain.events import Event
from app.domain.ids import new_id
from app.domain.webhooks import matches, names_of
from app.gateways import broker
from app.models import Webhook, WebhookDelivery
from app.services.access import sight
from app.services.webhooks import payloads
from app.services.webhooks.payloads import Told

LOOK_SECONDS = 1.0
_KEY = "webhook_events"
_deliveries: Any = WebhookDelivery.__table__
_ACTIVE = sa.select(Webhook.id, Webhook.events, Webhook.project_id).where(Webhook.is_active)


@dataclass(frozen=True, slots=True)
class Subscription:
    """An active webhook: which events it wants, and of which project (``None``: of all)."""

    webhook_id: str
    events: frozenset[str]
    project_id: str | None

    def wants(self, project_id: str | None) -> bool:
        """Return whether what happens in a project is for it."""
        return self.project_id in {None, project_id}


_known: tuple[float, Sequence[Subscription]] = (0.0, ())


def note(session: Session, event: Event) -> None:
    """React to an event: have it written for the webhooks that want it, if any does."""
    wanted = subscriptions(session)
    if not wanted:
        return
    names = names_of(event)
    if any(matches(one.events, names) for one in wanted):
        session.info.setdefault(_KEY, []).append(event)


@sight.unlimited()
def subscriptions(session: Session) -> Sequence[Subscription]:
    """Return the active webhooks, as they were at most a second ago."""
    global _known  # noqa: PLW0603 - a cache of this process
    read_at, known = _known
    if read_at and time.monotonic() - read_at < LOOK_SECONDS:
        return known
    found = tuple(
        Subscription(row.id, frozenset(row.events.split(",")), row.project_id)
        for row in session.execute(_ACTIVE.order_by(Webhook.id))
    )
    _known = (time.monotonic(), found)
    return found


def forget(session: Session) -> None:
    """Have this process look anew once the unit of work is committed."""
    after_commit(session, _forget)


def _forget() -> None:
    global _known  # noqa: PLW0603
    _known = (0.0, ())


@sa.event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    events: list[Event] = session.info.pop(_KEY, [])
    if events:
        write(session, events)


@sight.unlimited()
def write(session: Session, events: Sequence[Event]) -> None:
    """Write the deliveries of some events, and have them sent after the commit."""
    told = payloads.load(session, events)
    reached = []
    for one in subscriptions(session):  # always in the order of their ids: nobody waits in a ring
        mine = _chosen(one, events, told)
        if mine and add(session, one.webhook_id, mine):
            reached.append(one.webhook_id)
    if reached:
        after_commit(session, lambda: broker.ring_webhooks(reached))


def _chosen(one: Subscription, events: Sequence[Event], told: Told) -> list[tuple[str, str]]:
    return [
        (name, payloads.text(name, told.data(event)))
        for event in events
        if one.wants(told.project_of(event))
        for name in matches(one.events, names_of(event))
    ]


def add(session: Session, webhook_id: str, told: Sequence[tuple[str, str]]) -> list[str]:
    """Add deliveries, given as event and payload; return their ids, none if it is inactive."""
    last = _next_sequences(session, len(told), Webhook.id == webhook_id, Webhook.is_active)
    if last is None:
        return []
    rows = [
        row_of(webhook_id, last - len(told) + place, name, payload)
        for place, (name, payload) in enumerate(told, 1)
    ]
    session.connection().execute(sa.insert(_deliveries), rows)
    return [row["id"] for row in rows]


def add_test(session: Session, webhook_id: str) -> str:
    """Add a delivery without data, also to a webhook that is switched off; return its id."""
    sequence = _next_sequences(session, 1, Webhook.id == webhook_id)
    row = row_of(webhook_id, sequence or 0, "test", payloads.text("test", {}))
    session.connection().execute(sa.insert(_deliveries), [row])
    return str(row["id"])


def _next_sequences(session: Session, number: int, *where: Any) -> int | None:
    """Take so many numbers of a webhook; return the last of them, ``None`` if it is not there."""
    return session.scalar(
        sa.update(Webhook)
        .where(*where)
        .values(last_sequence=Webhook.last_sequence + number)
        .returning(Webhook.last_sequence)
        .execution_options(synchronize_session=False)
    )


def row_of(webhook_id: str, sequence: int, name: str, payload: str) -> dict[str, Any]:
    """Return the row of a new delivery, due at once."""
    moment = now()
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "sequence": sequence,
        "event_type": name,
        "payload": payload,
        "status": "pending",
        "attempts": 0,
        "next_retry_at": moment,
        "created_at": moment,
    }
