"""E-mails on their way, and what is remembered of a job to decide on the next one."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

_PENDING = sa.text("status = 'pending'")
_ENDED = sa.text("status <> 'pending'")


class Email(Base):
    """A mail to one address: written with the end of an execution, sent after its commit."""

    __tablename__ = "emails"

    id: Mapped[Id] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    subject: Mapped[str]
    #: Both forms are kept for as long as they may still be sent.
    text: Mapped[str | None]
    html: Mapped[str | None]
    kind: Mapped[str] = mapped_column(sa.String(16))
    job_id: Mapped[Id] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"))
    #: A mail may quote what its execution has printed: it goes with it.
    execution_id: Mapped[Id] = mapped_column(sa.ForeignKey("executions.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(sa.String(8))
    #: Tries begun; whoever records one must know its number.
    attempts: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: When the next try is due; only while it is pending.
    next_retry_at: Mapped[Moment | None]
    #: A try is under way until then; after it, whoever made it has died.
    lease_until: Mapped[Moment | None]
    #: What can't be sent until then has failed.
    give_up_at: Mapped[Moment]
    error: Mapped[str | None]
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    #: When it was sent or had failed.
    ended_at: Mapped[Moment | None]

    __table_args__ = (
        sa.Index("ix_emails_created_at", "created_at", "id"),
        sa.Index("ix_emails_status", "status", "created_at", "id"),
        sa.Index("ix_emails_job_id", "job_id", "created_at", "id"),
        sa.Index("ix_emails_execution_id", "execution_id"),
        sa.Index(
            "ix_emails_due",
            "next_retry_at",
            "created_at",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        sa.Index("ix_emails_ended_at", "ended_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
    )


class JobStreak(Base):
    """How often a job has failed in a row, and when somebody was last told of it.

    A job that has never failed has none; a success writes only to end a row of failures.
    """

    __tablename__ = "job_streaks"

    job_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    failures: Mapped[int] = mapped_column(sa.Integer())
    is_alarmed: Mapped[bool]
    alarmed_at: Mapped[Moment | None]
    mailed_at: Mapped[Moment | None]
    left_out: Mapped[int] = mapped_column(sa.Integer())
