"""One of several beats leads, to save work; the unique keys make a second one harmless."""

import os
import socket

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.ids import new_id
from app.models import Lease

NAME = "beat"
SECONDS = 5.0
#: Who leads renews the lease so often, at the next round from then on.
RENEW_SECONDS = 1.5


def identity() -> str:
    """Return a name for this beat that no other has."""
    return f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"


def lead(session: Session, owner: str) -> bool:
    """Take or renew the lease; return whether ``owner`` leads now."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(Lease).values(name=NAME, owner=owner, epoch=1, until=db_now(SECONDS))
    taken = session.execute(
        insert.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "owner": owner,
                "until": db_now(SECONDS),
                "epoch": Lease.epoch + sa.case((Lease.owner == owner, 0), else_=1),
            },
            where=sa.or_(Lease.owner == owner, Lease.until < db_now()),
        ).returning(Lease.owner)
    ).first()
    return taken is not None


def resign(session: Session, owner: str) -> None:
    """Let another beat lead at once."""
    session.execute(sa.delete(Lease).where(Lease.name == NAME, Lease.owner == owner))
