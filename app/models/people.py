"""Users, their roles, projects and sessions."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

user_roles = sa.Table(
    "user_roles",
    Base.metadata,
    sa.Column(
        "user_id", sa.String(32), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column(
        "role_id",
        sa.String(32),
        sa.ForeignKey("roles.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

project_members = sa.Table(
    "project_members",
    Base.metadata,
    sa.Column(
        "project_id",
        sa.String(32),
        sa.ForeignKey("projects.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column(
        "user_id",
        sa.String(32),
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)


class User(Base):
    """A person. The row outlives its deletion: history names people by ``user:USERNAME``."""

    __tablename__ = "users"

    id: Mapped[Id] = mapped_column(primary_key=True)
    #: In lower case; never given to anybody else.
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    #: Without one the person signs in through the identity provider only.
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    #: Who the person is at the identity provider.
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    last_login_at: Mapped[Moment | None]
    deleted_at: Mapped[Moment | None]
    created_by: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        sa.UniqueConstraint("issuer", "subject", name="uq_users_issuer"),
        sa.Index("ix_users_created_at", "created_at", "id"),
        sa.Index("ix_users_email", "email"),
    )


class Role(Base):
    """A set of permissions; of those the product brings, the code says which."""

    __tablename__ = "roles"

    #: Of those the product brings: their name.
    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    #: Comma-separated, as :func:`app.domain.permissions.clean_permissions` orders them.
    permissions: Mapped[str]
    #: Whether its holders see everything, or what is theirs and that of their projects.
    sees_all: Mapped[bool] = mapped_column(default=False)
    is_built_in: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class UserSession(Base):
    """A sign-in, with the refresh token that is valid next; of it only the hash is kept."""

    __tablename__ = "user_sessions"

    id: Mapped[Id] = mapped_column(primary_key=True)
    user_id: Mapped[Id] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    refresh_hash: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str | None]
    #: What the browser or program called itself, shortened.
    agent: Mapped[str | None]
    created_at: Mapped[Moment]
    used_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
    revoked_reason: Mapped[str | None]

    __table_args__ = (
        sa.Index("ix_user_sessions_user_id", "user_id", "created_at"),
        sa.Index("ix_user_sessions_expires_at", "expires_at"),
    )
