"""How often somebody may try to sign in: counted in the database, for all processes together.

A try counts before the password is looked at, and is taken back if it was right: so no number of
tries at once gets past the limit. Limited are pairs of account and address, and addresses; never an
account as a whole, or a stranger could lock its owner out. An account that many addresses try has
those that never signed in to it wait longer.
"""

import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import RateLimited
from app.domain.ids import new_id
from app.models import SignInTry, UserSession

WINDOW: Final = timedelta(minutes=15)
#: Failures within the window.
OF_PAIR: Final = 5
OF_ADDRESS: Final = 30
#: After so many failures of an account, from wherever, new addresses have fewer tries.
MANY_OF_ACCOUNT: Final = 20
OF_NEW_ADDRESS: Final = 2
_IPV6_NETWORK: Final = 64


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody at an address says to be the one with this name."""

    username: str
    address: str
    #: Whose account it is, if there is one.
    user_id: str | None = None
    id: str = field(default_factory=new_id)

    @property
    def account(self) -> str:
        """Return what is kept of the name."""
        return hashlib.sha256(self.username.encode("utf-8", "replace")).hexdigest()

    @property
    def network(self) -> str:
        """Return what is counted as one address: a household has a whole network of IPv6."""
        try:
            found = ipaddress.ip_address(self.address)
        except ValueError:
            return ""
        if found.version == 4:
            return str(found)
        return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


def counted(one: Try, is_right: Callable[[], bool]) -> bool:
    """Return whether a try was right. Raises :class:`RateLimited` before it is even looked at."""
    with transaction() as session:
        _begin(session, one)
    with reading() as session:
        refusal = _refusal(session, one)
    if refusal is not None:
        with transaction() as session:  # what was not looked at does not prolong the wait
            _take_back(session, one)
        raise refusal
    right = is_right()
    with transaction() as session:
        (_take_back if right else _note_failure)(session, one)
    return right


def forget_old(session: Session) -> None:
    """Delete tries that count no more."""
    session.execute(sa.delete(SignInTry).where(SignInTry.tried_at < now() - WINDOW))


def _begin(session: Session, one: Try) -> None:
    session.add(SignInTry(id=one.id, account=one.account, address=one.network, tried_at=now()))


def _take_back(session: Session, one: Try) -> None:
    session.execute(sa.delete(SignInTry).where(SignInTry.id == one.id))


def _note_failure(session: Session, one: Try) -> None:
    session.execute(sa.update(SignInTry).where(SignInTry.id == one.id).values(is_failed=True))


def _refusal(session: Session, one: Try) -> RateLimited | None:
    """Return why a try must wait, if it must."""
    of_address = SignInTry.address == one.network
    of_pair = of_address & (SignInTry.account == one.account)
    waits = (
        _wait(session, one, of_pair, _limit_of_pair(session, one)),
        _wait(session, one, of_address, OF_ADDRESS),
    )
    seconds = max(waits)
    if not seconds:
        return None
    minutes = -(-seconds // 60)
    shown = "in a moment" if seconds == 1 else f"in {minutes} minute{'s' * (minutes > 1)}"
    return RateLimited(f"too many tries to sign in; try again {shown}", seconds)


def _limit_of_pair(session: Session, one: Try) -> int:
    since = now() - WINDOW
    failures = (
        sa.select(SignInTry.id)
        .where(SignInTry.account == one.account, SignInTry.tried_at > since, SignInTry.is_failed)
        .limit(MANY_OF_ACCOUNT)
    )
    many = len(session.scalars(failures).all()) >= MANY_OF_ACCOUNT
    return OF_NEW_ADDRESS if many and not _has_signed_in(session, one) else OF_PAIR


def _has_signed_in(session: Session, one: Try) -> bool:
    query = sa.select(UserSession.id).where(
        UserSession.user_id == one.user_id, UserSession.address == one.address
    )
    return one.user_id is not None and session.scalar(query.limit(1)) is not None


def _wait(session: Session, one: Try, rule: sa.ColumnElement[bool], limit: int) -> int:
    """Return the seconds until fewer than ``limit`` other tries count; 0 if that is so now."""
    others = rule & (SignInTry.tried_at > now() - WINDOW) & (SignInTry.id != one.id)
    query = sa.select(SignInTry.tried_at).order_by(SignInTry.tried_at.desc()).offset(limit - 1)
    if session.scalar(query.where(others).limit(1)) is None:
        return 0
    last = session.scalar(query.where(others, SignInTry.is_failed).limit(1))
    if last is None:  # most are under way, and may yet be taken back
        return 1
    return max(1, int((last + WINDOW - now()).total_seconds()) + 1)
