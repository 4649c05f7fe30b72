"""API keys: making, changing and revoking them. Who may do so is decided by ``people.keys``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import api_keys as form
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound, invalid
from app.domain.ids import new_id, normalise_id
from app.models import ApiKey
from app.services import access
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted

LISTING = Listing(ApiKey.id, {"created_at": Order(ApiKey.created_at)}, "created_at", "desc")
_ROTATED = " (rotated)"
#: What a key has in common with the one that it replaces.
_KEPT = ("scopes", "expires_at", "owner_id", "project_id", "addresses")


def page(session: Session, wanted: Wanted, owner_id: str | None = None) -> Page[dict[str, Any]]:
    """Return a page of keys, or of one owner's, the newest first; also those that are revoked."""
    where = () if owner_id is None else (ApiKey.owner_id == owner_id,)
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    found = {key.id: key for key in session.scalars(sa.select(ApiKey).where(ApiKey.id.in_(ids)))}
    rows = [wire(found[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(ApiKey.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def exist(session: Session) -> bool:
    """Return whether there is a key that is not revoked."""
    return (
        session.scalar(sa.select(ApiKey.id).where(ApiKey.revoked_at.is_(None)).limit(1)) is not None
    )


def get(session: Session, key_id: str) -> ApiKey:
    """Return a key. Raises :class:`NotFound`."""
    known = normalise_id(key_id)
    key = session.get(ApiKey, known) if known else None
    if key is None:
        raise NotFound("API key not found")
    return key


def create(session: Session, values: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """Make a key; only this answer holds the key itself, as ``key``."""
    _refuse_past(values.get("expires_at"))
    secret = form.new_key()
    key = ApiKey(
        id=new_id(),
        name=values["name"],
        key_hash=form.hash_of(secret),
        key_prefix=secret[: form.SHOWN],
        scopes=values.get("scopes", form.DEFAULT_SCOPES),
        expires_at=values.get("expires_at"),
        is_active=True,
        owner_id=values.get("owner_id"),
        project_id=values.get("project_id"),
        addresses=values.get("addresses", ""),
        created_by=actor,
        created_at=now(),
        updated_at=now(),
    )
    session.add(key)
    session.flush()
    return wire(key) | {"key": secret}


def update(session: Session, key_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a key; in all processes it holds within a second."""
    access.changed(session)
    key = get(session, key_id)
    if "expires_at" in values:
        _refuse_past(values["expires_at"])
    if values.get("is_active") and key.revoked_at is not None:
        raise Conflict("the key is revoked for good; make a new one")
    for name, value in values.items():
        setattr(key, name, value)
    key.updated_at = now()
    session.flush()
    return wire(key)


def revoke(session: Session, key_id: str) -> dict[str, Any]:
    """Make a key useless for good. Doing it again changes nothing."""
    access.changed(session)
    key = get(session, key_id)
    if key.revoked_at is None:
        key.is_active, key.revoked_at, key.updated_at = False, now(), now()
        session.flush()
    return wire(key)


def rotate(session: Session, key_id: str, actor: str, overlap_seconds: int = 0) -> dict[str, Any]:
    """Make a key like this one; only this answer holds it.

    The old one is revoked, or goes on being valid for ``overlap_seconds``.
    """
    access.changed(session)
    old = get(session, key_id)
    if old.revoked_at is not None:
        raise Conflict("the key is revoked for good; make a new one")
    same = {name: getattr(old, name) for name in _KEPT}
    name = old.name if old.name.endswith(_ROTATED) else old.name + _ROTATED
    made = create(session, same | {"name": name}, actor)
    if overlap_seconds:
        end = now() + timedelta(seconds=overlap_seconds)
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        old.updated_at = now()
    else:
        revoke(session, old.id)
    return made


def delete(session: Session, key_id: str) -> None:
    """Forget a key. It is refused from then on."""
    access.changed(session)
    session.delete(get(session, key_id))


def _refuse_past(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= now():
        raise invalid("expires_at", "must be in the future", expires_at.isoformat())


def wire(key: ApiKey) -> dict[str, Any]:
    """Return a key as it goes on the wire, without its hash."""
    found: dict[str, Any] = {
        "id": key.id,
        "name": key.name,
        "key_prefix": key.key_prefix,
        "scopes": key.scopes,
        "is_active": key.is_active,
        "owner_id": key.owner_id,
        "project_id": key.project_id,
        "addresses": key.addresses.split(",") if key.addresses else [],
        "created_by": key.created_by,
        "created_at": key.created_at,
        "updated_at": key.updated_at,
    }
    for name in ("expires_at", "last_used_at", "revoked_at"):
        if getattr(key, name) is not None:
            found[name] = getattr(key, name)
    return found
