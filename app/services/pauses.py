"""Pauses of the whole installation."""

from datetime import datetime

from sqlalchemy.orm import Session


def past_pauses(session: Session) -> list[tuple[datetime, datetime]]:
    """Return the intervals in which the installation was paused."""
    return []


def system_pause(session: Session) -> str | None:
    """Return the pause of the installation, if there is one."""
    return None
