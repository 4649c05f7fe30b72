"""API keys and their owners: people look after their own keys, holders of user:manage after all.

A key may never do more than its owner, and nobody makes one that may do more than they may
themselves.
"""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.api_keys import DEFAULT_SCOPES
from app.domain.errors import Conflict, Forbidden, NotFound, invalid
from app.domain.permissions import EVERY, idle_scopes, of_scopes
from app.models import ApiKey
from app.services import api_keys, projects
from app.services.access import Principal, Rights, rights
from app.services.listing import Page, Wanted
from app.services.people import bounds, users

MANAGE: Final = "user:manage"
#: So many keys that are not revoked a person may have.
MOST: Final = 100
#: What a key may do that has no owner: whatever its scopes say.
_OWNERLESS: Final = Rights(EVERY, sees_all=True)


def page(session: Session, wanted: Wanted, who: Principal) -> Page[dict[str, Any]]:
    """Return a page of the keys that somebody looks after, the newest first."""
    _refuse_strangers(who)
    return api_keys.page(session, wanted, None if who.may(MANAGE) else who.user_id)


def get(session: Session, key_id: str, who: Principal) -> ApiKey:
    """Return a key that somebody looks after. Raises :class:`NotFound`."""
    _refuse_strangers(who)
    key = api_keys.get(session, key_id)
    if not who.may(MANAGE) and key.owner_id != who.user_id:
        raise NotFound("API key not found")
    return key


def create(session: Session, values: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """Make a key, one's own unless another owner is named; only this answer holds it."""
    _refuse_keys_of_people(who)
    owner_id = values.get("owner_id", who.user_id)
    if owner_id != who.user_id and not who.may(MANAGE):
        raise Forbidden("keys of others need user:manage", {"needs": [MANAGE]})
    scopes = values.get("scopes", DEFAULT_SCOPES)
    _refuse_unknown_owner(session, owner_id)
    _refuse_unknown_project(session, values.get("project_id"))
    _refuse_idle(scopes, _of_owner(session, owner_id))
    _refuse_beyond(session, scopes, owner_id, who)
    if owner_id is not None and not who.may(MANAGE):
        _refuse_too_many(session, owner_id)
    return api_keys.create(session, {**values, "owner_id": owner_id}, who.actor)


def update(
    session: Session, key_id: str, values: Mapping[str, Any], who: Principal
) -> dict[str, Any]:
    """Change a key."""
    key = _changeable(session, key_id, who)
    _refuse_unknown_project(session, values.get("project_id"))
    if "scopes" in values:
        _refuse_idle(values["scopes"], _of_owner(session, key.owner_id))
        _refuse_beyond(session, values["scopes"], key.owner_id, who)
    return api_keys.update(session, key.id, values)


def revoke(session: Session, key_id: str, who: Principal) -> dict[str, Any]:
    """Make a key useless for good."""
    return api_keys.revoke(session, _changeable(session, key_id, who).id)


def rotate(session: Session, key_id: str, overlap_seconds: int, who: Principal) -> dict[str, Any]:
    """Make a key like this one, which is revoked at once or after a while."""
    key = _changeable(session, key_id, who)
    return api_keys.rotate(session, key.id, who.actor, overlap_seconds)


def delete(session: Session, key_id: str, who: Principal) -> None:
    """Forget a key."""
    api_keys.delete(session, _changeable(session, key_id, who).id)


def _changeable(session: Session, key_id: str, who: Principal) -> ApiKey:
    _refuse_keys_of_people(who)
    key = get(session, key_id, who)
    if key.owner_id is None or key.owner_id != who.user_id:
        _refuse_beyond(session, key.scopes, key.owner_id, who)
    return key


def _refuse_strangers(who: Principal) -> None:
    if not who.may(MANAGE) and who.user_id is None:
        raise Forbidden("admin scope required", {"needs": [MANAGE]})


def _refuse_keys_of_people(who: Principal) -> None:
    """Refuse a key that would make keys: one that was lost could outlive what ends it."""
    if not who.may(MANAGE) and (who.user_id is None or who.key_id is not None):
        raise Forbidden("admin scope required", {"needs": [MANAGE]})


def _refuse_beyond(session: Session, scopes: str, owner_id: str | None, who: Principal) -> None:
    of = _of_owner(session, owner_id)
    may = of_scopes(scopes) & of.permissions
    bounds.refuse_beyond(who, Rights(may, of.sees_all), "the key")


def _refuse_idle(scopes: str, of: Rights) -> None:
    idle = idle_scopes(scopes, of.permissions)
    if idle:
        raise Forbidden(
            f"the owner may do nothing of what the scope {', '.join(idle)} allows",
            {"reason": "privilege_escalation", "scopes": idle},
        )


def _of_owner(session: Session, owner_id: str | None) -> Rights:
    if owner_id is None:
        return _OWNERLESS
    return rights.of_user(session, owner_id)


def _refuse_unknown_owner(session: Session, owner_id: str | None) -> None:
    try:
        if owner_id is not None:
            users.get(session, owner_id)
    except NotFound:
        raise invalid("owner_id", "there is no such user", owner_id) from None


def _refuse_unknown_project(session: Session, project_id: str | None) -> None:
    try:
        if project_id is not None:
            projects.get(session, project_id)
    except NotFound:
        raise invalid("project_id", "there is no such project", project_id) from None


def _refuse_too_many(session: Session, owner_id: str) -> None:
    theirs = ApiKey.owner_id == owner_id, ApiKey.revoked_at.is_(None)
    count = session.scalar(sa.select(sa.func.count()).select_from(ApiKey).where(*theirs)) or 0
    if count >= MOST:
        raise Conflict(f"you have {MOST} keys; revoke one that is not needed")
