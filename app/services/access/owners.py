"""To whom jobs and chains may be given."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import User

_PERSON: Final = "user:"


def fault_of(session: Session, owner: str) -> str | None:
    """Return why ``owner`` can't own anything; nothing if it is an active user's name."""
    query = sa.select(User.id).where(
        User.username == owner.removeprefix(_PERSON), User.is_active, User.deleted_at.is_(None)
    )
    if owner.startswith(_PERSON) and session.scalar(query) is not None:
        return None
    return "there is no such active user"
