"""Who asks, and whether they may: checked against the database, with a short memory.

A process remembers the keys and sessions it has seen lately. It looks at most once a second whether
anything has changed in who may do what (``installation.auth_epoch``), and forgets all of it if so:
a key or session that is revoked, changed or rotated anywhere is so everywhere within that second.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from cachetools import TTLCache
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain import api_keys as form
from app.domain.clock import now
from app.domain.errors import InvalidToken
from app.gateways import tokens
from app.models import ApiKey, Installation
from app.services.access import holders, sight
from app.services.access.holders import Known
from app.services.access.principal import Principal

log = logging.getLogger(__name__)

REMEMBERED, REMEMBERED_SECONDS = 512, 300.0
LOOK_SECONDS = 1.0
#: ``last_used_at`` of a key is written no more often.
USED_SECONDS = 60.0


class Doorkeeper:
    """The memory of one process for keys and sessions; safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: TTLCache[str, Known] = TTLCache(REMEMBERED, REMEMBERED_SECONDS)
        self._used: TTLCache[str, bool] = TTLCache(REMEMBERED, USED_SECONDS)
        self._epoch = 0
        self._issuer = ""
        self._look_at = 0.0

    @sight.unlimited()
    def recognise(self, key: str) -> Principal | None:
        """Return whose key or access token this is; ``None`` if it is no key that is valid.

        Raises what :meth:`recognise_session` raises, and ``SQLAlchemyError`` if it can't be told
        because the database is away.
        """
        if tokens.resembles_one(key):
            return self.recognise_session(key)
        if not form.is_well_formed(key):
            return None
        self._forget_if_changed()
        found = self._found(form.hash_of(key), holders.of_key)
        if found is None or (found.expires_at is not None and found.expires_at <= now()):
            return None
        self._note_use(found.who)
        return found.who

    @sight.unlimited()
    def recognise_session(self, token: str) -> Principal:
        """Return whose access token this is.

        Raises :class:`InvalidToken` that says whether it is invalid, expired or revoked, and
        ``SQLAlchemyError`` if it can't be told because the database is away.
        """
        self._forget_if_changed()
        try:
            claims = tokens.read(token, self._issuer)
        except tokens.ExpiredToken:
            raise InvalidToken("the access token is expired") from None
        except tokens.BadToken:
            raise InvalidToken("invalid access token") from None
        found = self._found(claims.session_id, holders.of_session)
        if found is None or found.who.user_id != claims.user_id:
            raise InvalidToken("the access token is revoked")
        return found.who

    @sight.unlimited()
    def recall(self, key_id: str | None, session_id: str | None) -> Principal | None:
        """Return who somebody is by now that has shown a key, or a token of a session, before.

        A session may have outlived its token. ``None`` if the key or session is good no more.
        Raises ``SQLAlchemyError`` if it can't be told because the database is away.
        """
        self._forget_if_changed()
        if key_id is not None:
            found = self._found(key_id, holders.of_key_id)
        elif session_id is not None:
            found = self._found(session_id, holders.of_session)
        else:
            return None
        is_over = found is not None and found.expires_at is not None and found.expires_at <= now()
        return None if found is None or is_over else found.who

    def _forget_if_changed(self) -> None:
        moment = time.monotonic()
        with self._guard:
            if moment < self._look_at and self._issuer:
                return
            self._look_at = moment + LOOK_SECONDS
        try:
            with reading() as session:
                row = session.execute(sa.select(Installation.auth_epoch, Installation.id)).one()
        except SQLAlchemyError:
            self._look_at = 0.0
            raise
        with self._guard:
            self._issuer = row.id
            if row.auth_epoch != self._epoch:
                self._epoch = row.auth_epoch
                self._known.clear()

    def _found(self, name: str, learn: Callable[[Session, str], Known | None]) -> Known | None:
        """Return what is remembered under a name, else what there is to learn."""
        with self._guard:
            epoch, found = self._epoch, self._known.get(name)
        if found is not None:
            return found
        with reading() as session:
            found = learn(session, name)
            now_epoch = session.scalars(sa.select(Installation.auth_epoch)).one()
        if found is None:
            return None
        with self._guard:
            if epoch == self._epoch == now_epoch:  # else what was read may be old by now
                self._known[name] = found
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


def _touch(session: Session, key_id: str) -> None:
    """Note that a key was used, unless another process did so less than a minute ago."""
    moment = now()
    stale = sa.or_(
        ApiKey.last_used_at.is_(None),
        ApiKey.last_used_at < moment - timedelta(seconds=USED_SECONDS),
    )
    session.execute(sa.update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=moment))


def changed(session: Session) -> None:
    """Have all processes forget what they know of keys and sessions."""
    session.execute(sa.update(Installation).values(auth_epoch=Installation.auth_epoch + 1))
