"""Subscriptions of other programs to events, and what is on its way to them."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

_PENDING = sa.text("status = 'pending'")
_ENDED = sa.text("status <> 'pending'")


class Webhook(Base):
    """An outgoing subscription: an address and events."""

    __tablename__ = "webhooks"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    #: JSON list of ``{"secret": …, "until": …}``, the one in use first; no ``until`` there. It is
    #: encrypted, unless it is empty.
    secrets: Mapped[str]
    #: Comma-separated, as :func:`app.domain.webhooks.clean_events` returns them.
    events: Mapped[str]
    #: Only events of this project; without it those of all.
    project_id: Mapped[Id | None] = mapped_column(sa.ForeignKey("projects.id", ondelete="CASCADE"))
    is_active: Mapped[bool] = mapped_column(default=True)
    #: Why the product itself switched it off.
    disabled_reason: Mapped[str | None]
    #: Number of its newest delivery; they count from 1.
    last_sequence: Mapped[int] = mapped_column(default=0)
    #: Tries that failed since the last success, and until when nothing is sent because of them.
    failures: Mapped[int] = mapped_column(sa.Integer(), default=0)
    paused_until: Mapped[Moment | None]
    created_by: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_webhooks_created_at", "created_at", "id"),
        sa.Index("ix_webhooks_project_id", "project_id"),
    )


class WebhookDelivery(Base):
    """One event on its way to one webhook: written with the event, sent after its commit."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[Id] = mapped_column(primary_key=True)
    webhook_id: Mapped[Id] = mapped_column(sa.ForeignKey("webhooks.id", ondelete="CASCADE"))
    #: Counts per webhook without a gap, in the order of the commits.
    sequence: Mapped[int]
    event_type: Mapped[str] = mapped_column(sa.String(40))
    #: The JSON text that is sent, byte for byte.
    payload: Mapped[str]
    status: Mapped[str] = mapped_column(sa.String(8))
    #: Tries begun; whoever records one must know its number.
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: When the next try is due; only while it is pending.
    next_retry_at: Mapped[Moment | None]
    #: A try is under way until then; after it, whoever made it has died.
    lease_until: Mapped[Moment | None]
    response_code: Mapped[int | None] = mapped_column(sa.Integer())
    #: The first KiB of the last answer.
    response_body: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[Moment]
    completed_at: Mapped[Moment | None]

    __table_args__ = (
        sa.Index("uq_webhook_deliveries_sequence", "webhook_id", "sequence", unique=True),
        sa.Index("ix_webhook_deliveries_status", "webhook_id", "status", "sequence", "id"),
        sa.Index("ix_webhook_deliveries_event", "webhook_id", "event_type", "sequence", "id"),
        sa.Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_retry_at",
            "sequence",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        sa.Index(
            "ix_webhook_deliveries_completed_at",
            "completed_at",
            sqlite_where=_ENDED,
            postgresql_where=_ENDED,
        ),
    )
