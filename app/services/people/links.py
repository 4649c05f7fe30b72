"""Who a user of ours is at the identity provider."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict, invalid
from app.models import User
from app.services.people import identity_provider, sessions


def find(session: Session, issuer: str, subject: str) -> User | None:
    """Return whoever the provider calls so, as the database has the row now; deleted ones too."""
    same = User.issuer == issuer, User.subject == subject
    query = sa.select(User).where(*same).execution_options(populate_existing=True)
    return session.scalar(query)


def change(session: Session, user: User, issuer: str | None, subject: str | None) -> None:
    """Have a user sign in through the provider, who then has no password; or no more.

    All sign-ins end. Raises :class:`Invalid` for another provider than the one of this
    installation, and :class:`Conflict` if that person is another user.
    """
    if (user.issuer, user.subject) == (issuer, subject):
        return
    if issuer is not None and issuer != identity_provider.issuer():
        raise invalid("issuer", "is not the identity provider of OneOff (OIDC_ISSUER)", issuer)
    if issuer is not None and find(session, issuer, subject or "") is not None:
        raise Conflict("another user is this person", {"reason": "identity_taken"})
    user.issuer, user.subject = issuer, subject
    user.password_hash, user.must_change_password = None, False
    sessions.close_all(session, [user.id], "identity_changed")
    session.flush()
