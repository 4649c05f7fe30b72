"""Who asks, and whether they may: keys checked against the database, with a short memory.

A process remembers the keys it has seen lately. It looks at most once a second whether anything
has changed in who may do what (``installation.auth_epoch``), and forgets all of it if so: a key
that is revoked, changed or rotated anywhere is so everywhere within that second.
"""

import hmac
import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from cachetools import TTLCache
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain import api_keys as form
from app.domain.clock import now
from app.domain.permissions import of_scopes
from app.models import ApiKey, Installation, User
from app.services.access import rights
from app.services.access.principal import Principal, Sight

log = logging.getLogger(__name__)

REMEMBERED, REMEMBERED_SECONDS = 128, 300.0
LOOK_SECONDS = 1.0
#: ``last_used_at`` of a key is written no more often.
USED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Known:
    """A key as this process remembers it."""

    who: Principal
    expires_at: datetime | None


class Doorkeeper:
    """The memory of one process for keys; safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: TTLCache[str, _Known] = TTLCache(REMEMBERED, REMEMBERED_SECONDS)
        self._used: TTLCache[str, bool] = TTLCache(REMEMBERED, USED_SECONDS)
        self._epoch = 0
        self._look_at = 0.0

    def recognise(self, key: str) -> Principal | None:
        """Return whose key this is; ``None`` if it is none, unknown, expired or switched off.

        Raises ``SQLAlchemyError`` if it can't be told because the database is away.
        """
        if not form.is_well_formed(key):
            return None
        digest = form.hash_of(key)
        self._forget_if_changed()
        with self._guard:
            found = self._known.get(digest)
        found = found or self._learn(digest)
        if found is None or (found.expires_at is not None and found.expires_at <= now()):
            return None
        self._note_use(found.who)
        return found.who

    def _forget_if_changed(self) -> None:
        moment = time.monotonic()
        with self._guard:
            if moment < self._look_at:
                return
            self._look_at = moment + LOOK_SECONDS
        try:
            with reading() as session:
                epoch = session.scalars(sa.select(Installation.auth_epoch)).one()
        except SQLAlchemyError:
            self._look_at = 0.0
            raise
        with self._guard:
            if epoch != self._epoch:
                self._epoch = epoch
                self._known.clear()

    def _learn(self, digest: str) -> _Known | None:
        with self._guard:
            epoch = self._epoch
        with reading() as session:
            row = session.scalar(sa.select(ApiKey).where(ApiKey.key_hash == digest))
            who = None if row is None else _holder(session, row)
            now_epoch = session.scalars(sa.select(Installation.auth_epoch)).one()
        if row is None or who is None or not hmac.compare_digest(row.key_hash, digest):
            return None
        found = _Known(who, row.expires_at)
        with self._guard:
            if epoch == self._epoch == now_epoch:  # else what was read may be old by now
                self._known[digest] = found
        return found

    def _note_use(self, who: Principal) -> None:
        with self._guard:
            if who.key_id is None or who.key_id in self._used:
                return
            self._used[who.key_id] = True
        try:
            with transaction() as session:
                _touch(session, who.key_id)
        except SQLAlchemyError as error:
            log.warning("can't note the use of a key: %s", type(error).__name__)


def _holder(session: Session, key: ApiKey) -> Principal | None:
    """Return who a key stands for: never for more than its owner, if it has one."""
    if not key.is_active:
        return None
    scopes = of_scopes(key.scopes)
    if key.owner_id is None:
        sight = Sight(everything=True, within=key.project_id)
        return Principal(f"key:{key.name}", scopes, sight, key_id=key.id)
    owner = session.get(User, key.owner_id)
    if owner is None or not owner.is_active or owner.deleted_at is not None:
        return None
    has, actor = rights.of_user(session, owner.id), f"user:{owner.username}"
    sight = Sight(has.sees_all, actor, has.projects, within=key.project_id)
    return Principal(actor, scopes & has.permissions, sight, user_id=owner.id, key_id=key.id)


def recall(session: Session, who: Principal) -> Principal | None:
    """Return who somebody is by now that came in with a key; ``None`` if that is good no more."""
    key = None if who.key_id is None else session.get(ApiKey, who.key_id)
    if key is None or (key.expires_at is not None and key.expires_at <= now()):
        return None
    return _holder(session, key)


def _touch(session: Session, key_id: str) -> None:
    """Note that a key was used, unless another process did so less than a minute ago."""
    moment = now()
    stale = sa.or_(
        ApiKey.last_used_at.is_(None),
        ApiKey.last_used_at < moment - timedelta(seconds=USED_SECONDS),
    )
    session.execute(sa.update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=moment))


def changed(session: Session) -> None:
    """Have all processes forget what they know of keys."""
    session.execute(sa.update(Installation).values(auth_epoch=Installation.auth_epoch + 1))
