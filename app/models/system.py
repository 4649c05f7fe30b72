"""The installation, its workers, queues, settings and counters."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


class Installation(Base):
    """One row: who we are, and the oldest release that may run on this schema."""

    __tablename__ = "installation"

    id: Mapped[Id] = mapped_column(primary_key=True)
    oldest_release: Mapped[str]
    #: Grows with each change of who may do what; processes that see it grow forget what they knew.
    auth_epoch: Mapped[int] = mapped_column(default=1, server_default=sa.text("1"))
    #: A known text encrypted with the key of this installation, to tell whether a key is that one.
    key_check: Mapped[str | None]
    created_at: Mapped[Moment]


class SystemConfig(Base):
    """A value changed at run time; ``value`` is JSON text."""

    __tablename__ = "system_config"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    updated_at: Mapped[Moment]


class Worker(Base):
    """A worker process and the lanes it serves."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    #: Where its process numbers mean something: machine, boot and process namespace.
    host_key: Mapped[str]
    pid: Mapped[int] = mapped_column(sa.Integer())
    pool: Mapped[str]
    queues: Mapped[str]
    slots: Mapped[int] = mapped_column(sa.Integer())
    version: Mapped[str]
    started_at: Mapped[Moment]
    heartbeat_at: Mapped[Moment]
    #: When it was last seen to take messages, not only to be alive.
    consumed_at: Mapped[Moment | None]
    stopped_at: Mapped[Moment | None]
    #: Whether it reaches a Docker engine; it looks only if there are docker jobs.
    docker: Mapped[bool | None]
    #: Since when it takes no more work, by a person's wish; it goes on with what runs.
    drained_at: Mapped[Moment | None]


class Queue(Base):
    """A run queue that some job has named."""

    __tablename__ = "queues"

    name: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[Moment]
    #: While this is set nothing of the queue begins but manual starts.
    paused_at: Mapped[Moment | None]
    paused_reason: Mapped[str | None]
    paused_by: Mapped[str | None]
    #: So many of its executions run at a time, over all workers.
    max_running: Mapped[int | None] = mapped_column(sa.Integer())
    #: So many begin in any ``rate_seconds`` seconds, over all workers.
    rate_count: Mapped[int | None] = mapped_column(sa.Integer())
    rate_seconds: Mapped[int | None] = mapped_column(sa.Integer())


class QueueStart(Base):
    """A start in a queue with a rate, kept for as long as it counts."""

    __tablename__ = "queue_starts"

    id: Mapped[Id] = mapped_column(primary_key=True)
    queue: Mapped[str]
    started_at: Mapped[Moment]

    __table_args__ = (sa.Index("ix_queue_starts_queue", "queue", "started_at"),)


class Pause(Base):
    """A time in which nothing begins but manual starts, in the whole installation.

    It is over at ``ended_at``, or before anybody has written that, at ``until``.
    """

    __tablename__ = "pauses"

    id: Mapped[Id] = mapped_column(primary_key=True)
    reason: Mapped[str | None]
    actor: Mapped[str | None]
    began_at: Mapped[Moment]
    until: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]

    __table_args__ = (sa.Index("ix_pauses_began_at", "began_at"),)


class Lease(Base):
    """A right held by one process at a time, such as to be the leader of the beats."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    epoch: Mapped[int] = mapped_column(sa.Integer())
    until: Mapped[Moment]


class Tally(Base):
    """A counter, kept in one stripe per process so that nobody waits for a hot row."""

    __tablename__ = "tallies"

    family: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    stripe: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    value: Mapped[float] = mapped_column(sa.Float())


class IdempotencyKey(Base):
    """The answer once given to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    method: Mapped[str] = mapped_column(sa.String(8))
    path: Mapped[str]
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int] = mapped_column(sa.Integer())
    answer: Mapped[str]
    created_at: Mapped[Moment] = mapped_column(index=True)
