"""Who stands behind a key or a session, as the database has it now."""

import hmac
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.outbound import parse_networks
from app.domain.permissions import OF_INSTALLATION, of_scopes
from app.models import ApiKey, User, UserSession
from app.services.access import rights
from app.services.access.principal import Principal, Sight


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody as a process remembers him, and until when he is who he is."""

    who: Principal
    expires_at: datetime | None = None


def of_key(session: Session, digest: str) -> Known | None:
    """Return who holds the key with this hash."""
    key = session.scalar(sa.select(ApiKey).where(ApiKey.key_hash == digest))
    if key is None or not hmac.compare_digest(key.key_hash, digest):
        return None
    return _known(session, key)


def of_key_id(session: Session, key_id: str) -> Known | None:
    """Return who holds a key that was shown before; ``None`` if it is good no more."""
    key = session.get(ApiKey, key_id)
    return None if key is None else _known(session, key)


def of_session(session: Session, session_id: str) -> Known | None:
    """Return whose session this is; ``None`` if it has ended, or may not go on."""
    row = session.get(UserSession, session_id)
    if row is None or row.revoked_at is not None or row.expires_at <= now():
        return None
    user = session.get(User, row.user_id)
    if user is None or not user.is_active or user.deleted_at is not None:
        return None
    has, actor = rights.of_user(session, user.id), f"user:{user.username}"
    return Known(
        Principal(
            actor,
            has.permissions,
            Sight(has.sees_all, actor, has.projects),
            user_id=user.id,
            session_id=row.id,
            must_change_password=user.must_change_password,
        )
    )


def _known(session: Session, key: ApiKey) -> Known | None:
    who = _holder(session, key)
    return None if who is None else Known(who, key.expires_at)


def _holder(session: Session, key: ApiKey) -> Principal | None:
    """Return who a key stands for: never for more than its owner, if it has one."""
    if not key.is_active:
        return None
    scopes = of_scopes(key.scopes) - (OF_INSTALLATION if key.project_id else frozenset())
    networks = parse_networks(key.addresses)
    if key.owner_id is None:
        sight = Sight(everything=True, within=key.project_id)
        name = f"key:{key.name}"
        return Principal(name, scopes, sight, key_id=key.id, networks=networks)
    owner = session.get(User, key.owner_id)
    if owner is None or not owner.is_active or owner.deleted_at is not None:
        return None
    has, actor = rights.of_user(session, owner.id), f"user:{owner.username}"
    sight = Sight(has.sees_all, actor, has.projects, within=key.project_id)
    may = scopes & has.permissions
    return Principal(actor, may, sight, user_id=owner.id, key_id=key.id, networks=networks)
