"""Who did what: rows that are only ever added."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

_UNSEALED = sa.text("sequence IS NULL")


class AuditEntry(Base):
    """A deed or a denial. Once sealed it is part of a chain of hashes."""

    __tablename__ = "audit_log"

    id: Mapped[Id] = mapped_column(primary_key=True)
    at: Mapped[Moment]
    #: Such as ``user:alice``, ``key:deploy``, ``cli``; ``anonymous`` for a stranger.
    actor: Mapped[str]
    user_id: Mapped[Id | None]
    key_id: Mapped[Id | None]
    address: Mapped[str | None]
    #: What was done, such as ``jobs.update_job`` or ``auth.login``.
    action: Mapped[str]
    #: ``done``, ``denied`` or ``failed``.
    result: Mapped[str] = mapped_column(sa.String(8))
    target_kind: Mapped[str | None]
    target_id: Mapped[str | None]
    target_name: Mapped[str | None]
    #: The project of the object, where it has one.
    project_id: Mapped[Id | None]
    #: JSON: what changed, from what to what, secrets masked; or why it was denied.
    detail: Mapped[str | None]
    trace_id: Mapped[str | None]
    #: Its place in the chain, from 1; ``None`` until it is sealed.
    sequence: Mapped[int | None] = mapped_column(unique=True)
    #: SHA-256 over the hash before it and what the row says.
    hash: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (
        sa.Index("ix_audit_log_at", "at", "id"),
        sa.Index("ix_audit_log_actor", "actor", "at", "id"),
        sa.Index("ix_audit_log_target_id", "target_id", "at", "id"),
        sa.Index(
            "ix_audit_log_unsealed",
            "id",
            sqlite_where=_UNSEALED,
            postgresql_where=_UNSEALED,
        ),
    )


class AuditChain(Base):
    """One row: the head of the chain, and the anchor, the last row that retention removed."""

    __tablename__ = "audit_chain"

    id: Mapped[Id] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(sa.String(64))
    anchor_sequence: Mapped[int]
    anchor_hash: Mapped[str] = mapped_column(sa.String(64))
