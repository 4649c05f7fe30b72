"""The installation: its identity, its schema, and the values it is seeded with."""

import json

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.models import Installation, SystemConfig
from app.settings import RUNTIME_KEYS, Settings


def installation_id(session: Session) -> str:
    """Return the id made at the first migration."""
    return session.scalars(sa.select(Installation.id)).one()


def seed_config(session: Session, settings: Settings) -> None:
    """Write the run-time values that have no row yet, from the settings of this start."""
    known = set(session.scalars(sa.select(SystemConfig.key)))
    for key in RUNTIME_KEYS:
        if key not in known:
            value = json.dumps(getattr(settings, key))
            session.add(SystemConfig(key=key, value=value, updated_at=now()))


def runtime_value(session: Session, settings: Settings, key: str) -> int | str:
    """Return a value of system_config; a flag or the environment of this start wins over it."""
    if key not in settings.given:
        stored = session.scalar(sa.select(SystemConfig.value).where(SystemConfig.key == key))
        if stored is not None:
            value: int | str = json.loads(stored)
            return value
    own: int | str = getattr(settings, key)
    return own
