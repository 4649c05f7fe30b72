"""The Docker engines that workers reach: whether there are any, and whether they are needed."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.models import Job, Worker
from app.services.wakeups import ALIVE_SECONDS

_KIND = "docker"


@dataclass(frozen=True, slots=True)
class Engines:
    """What the workers say of their engines."""

    #: Whether a docker job waits for its moment or runs.
    are_needed: bool = False
    #: How many workers have looked, and how many of them reach one.
    looked: int = 0
    reached: int = 0


def are_used(session: Session) -> bool:
    """Return whether there is a docker job at all."""
    return session.scalar(sa.select(Job.id).where(Job.type == _KIND).limit(1)) is not None


def report(session: Session, worker_id: str, *, reached: bool) -> None:
    """Record whether a worker reaches its engine."""
    session.execute(sa.update(Worker).where(Worker.id == worker_id).values(docker=reached))


def known(session: Session) -> Engines:
    """Return what the living workers say."""
    needed = sa.select(Job.id).where(
        Job.type == _KIND, Job.status.in_(("scheduled", "running")), Job.enabled
    )
    said = session.scalars(
        sa.select(Worker.docker).where(
            Worker.docker.is_not(None),
            Worker.stopped_at.is_(None),
            Worker.heartbeat_at > db_now(-ALIVE_SECONDS),
        )
    ).all()
    is_needed = session.scalar(needed.limit(1)) is not None
    return Engines(is_needed, len(said), sum(bool(reached) for reached in said))
