"""Deliveries as people see them: lists, sending again, and forgetting the old ones."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit, db_now, reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound
from app.domain.ids import normalise_id
from app.domain.webhooks import TEST
from app.gateways import broker
from app.models import Webhook, WebhookDelivery
from app.services import installation
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.webhooks.deliveries import FAILED, PENDING
from app.settings import Settings

#: The numbers grow as the deliveries come: by them the newest are first.
LISTING = Listing(
    WebhookDelivery.id, {"sequence": Order(WebhookDelivery.sequence)}, "sequence", "desc"
)
_BATCH = 500
_PAUSE_SECONDS = 0.01
_PLAIN = (
    "id",
    "webhook_id",
    "sequence",
    "event_type",
    "payload",
    "status",
    "attempts",
    "created_at",
)
_OPTIONAL = ("next_retry_at", "response_code", "response_body", "error", "completed_at")
#: Spelt as in the partial index: the databases use that only for the same words.
_HAS_ENDED = sa.text("webhook_deliveries.status <> 'pending'")
_AGAIN = {
    "status": PENDING,
    "attempts": 0,
    "completed_at": None,
    "error": None,
    "response_code": None,
    "response_body": None,
}


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """What narrows a list of deliveries."""

    status: str | None = None
    event: str | None = None


def page(
    session: Session, webhook: Webhook, filters: DeliveryFilters, wanted: Wanted
) -> Page[dict[str, Any]]:
    """Return a page of a webhook's deliveries, the newest first."""
    wanted = replace(wanted, filters=asdict(filters))
    where = [WebhookDelivery.webhook_id == webhook.id]
    if filters.status is not None:
        where.append(WebhookDelivery.status == filters.status)
    if filters.event is not None:
        where.append(WebhookDelivery.event_type == filters.event)
    ids, cursor = LISTING.ids(session, Scope(tuple(where)), wanted)
    query = sa.select(WebhookDelivery).where(WebhookDelivery.id.in_(ids))
    found = {row.id: wire(row) for row in session.scalars(query)}
    total, is_capped = counted(session, sa.select(WebhookDelivery.id).where(*where))
    rows = [found[row_id] for row_id in ids if row_id in found]
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def get(session: Session, webhook: Webhook, delivery_id: str) -> WebhookDelivery:
    """Return a delivery of a webhook. Raises :class:`NotFound`."""
    known = normalise_id(delivery_id)
    query = sa.select(WebhookDelivery).where(
        WebhookDelivery.id == known, WebhookDelivery.webhook_id == webhook.id
    )
    found = session.scalar(query) if known else None
    if found is None:
        raise NotFound("delivery not found")
    return found


def replay(session: Session, webhook: Webhook, delivery_id: str) -> dict[str, Any]:
    """Send a delivery once more, as the same message under the same id."""
    _refuse_inactive(webhook)
    row = get(session, webhook, delivery_id)
    if not _replay(session, webhook, WebhookDelivery.id == row.id):
        raise Conflict("the delivery is still on its way")
    session.refresh(row)
    return wire(row)


def replay_failed(session: Session, webhook: Webhook) -> int:
    """Send all deliveries that failed once more, in their order; return how many."""
    _refuse_inactive(webhook)
    is_real = WebhookDelivery.event_type != TEST
    return _replay(session, webhook, WebhookDelivery.status == FAILED, is_real)


def _refuse_inactive(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Conflict("the webhook is switched off; switch it on first")


def _replay(session: Session, webhook: Webhook, *where: sa.ColumnElement[bool]) -> int:
    is_mine = WebhookDelivery.webhook_id == webhook.id
    update = sa.update(WebhookDelivery).where(is_mine, _HAS_ENDED, *where)
    update = update.values(_AGAIN | {"next_retry_at": now()})
    again = session.scalars(
        update.returning(WebhookDelivery.id).execution_options(synchronize_session=False)
    )
    count = len(again.all())
    if count:
        webhook.failures, webhook.paused_until = 0, None
        after_commit(session, lambda: broker.ring_webhooks([webhook.id]))
    return count


def purge_in_batches(settings: Settings) -> int:
    """Delete deliveries that ended longer ago than LOG_RETENTION_DAYS; return how many went."""
    with reading() as session:
        days = int(installation.runtime_value(session, settings, "log_retention_days"))
        limit = session.scalars(sa.select(db_now())).one() - timedelta(days=days)
    old = (
        sa.select(WebhookDelivery.id)
        .where(_HAS_ENDED, WebhookDelivery.completed_at < limit)
        .order_by(WebhookDelivery.completed_at)
        .limit(_BATCH)
    )
    count = gone = _delete(old)
    while gone == _BATCH:
        time.sleep(_PAUSE_SECONDS)
        gone = _delete(old)
        count += gone
    return count


def _delete(old: sa.Select[Any]) -> int:
    with transaction() as session:
        ids = session.scalars(old).all()
        gone = sa.delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids), _HAS_ENDED)
        session.execute(gone.execution_options(synchronize_session=False))
        return len(ids)


def wire(row: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as it goes on the wire."""
    found = {name: getattr(row, name) for name in _PLAIN}
    given = {name: getattr(row, name) for name in _OPTIONAL}
    return found | {name: value for name, value in given.items() if value is not None}
