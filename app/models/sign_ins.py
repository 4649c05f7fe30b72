"""Tries to sign in, and sign-ins that have come back, kept for as long as they count."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


class SignInTry(Base):
    """A try that has failed, or is under way: it counts before it is known how it ends."""

    __tablename__ = "sign_in_tries"

    id: Mapped[Id] = mapped_column(primary_key=True)
    #: A hash of the name that was typed: some people type their password there.
    account: Mapped[str] = mapped_column(sa.String(64))
    #: The address, of IPv6 the network of 64 bits.
    address: Mapped[str]
    is_failed: Mapped[bool] = mapped_column(default=False)
    tried_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_sign_in_tries_account", "account", "tried_at"),
        sa.Index("ix_sign_in_tries_address", "address", "tried_at"),
        sa.Index("ix_sign_in_tries_tried_at", "tried_at"),
    )


class SpentState(Base):
    """A sign-in that has come back from the identity provider: it can't come back again."""

    __tablename__ = "spent_states"

    #: The beginning of a hash of its state.
    id: Mapped[Id] = mapped_column(primary_key=True)
    spent_at: Mapped[Moment]

    __table_args__ = (sa.Index("ix_spent_states_spent_at", "spent_at"),)
