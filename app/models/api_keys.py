"""Keys by which programs say who they are."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


class ApiKey(Base):
    """An API key; of the key itself only its hash and its first characters are kept."""

    __tablename__ = "api_keys"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    key_prefix: Mapped[str] = mapped_column(sa.String(16))
    #: Comma-separated, as :func:`app.domain.api_keys.clean_scopes` returns them.
    scopes: Mapped[str]
    expires_at: Mapped[Moment | None]
    last_used_at: Mapped[Moment | None]
    #: Switched off and on again at will; a revoked key stays off.
    is_active: Mapped[bool] = mapped_column(default=True)
    revoked_at: Mapped[Moment | None]
    #: Whose key it is: it may never do more than this person. Without one its scopes decide.
    owner_id: Mapped[Id | None]
    #: It sees and changes only what belongs to this project.
    project_id: Mapped[Id | None]
    #: Comma-separated networks that it may be used from; empty means all.
    addresses: Mapped[str] = mapped_column(default="", server_default="")
    created_by: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_api_keys_created_at", "created_at", "id"),
        sa.Index("ix_api_keys_owner_id", "owner_id"),
        sa.Index("ix_api_keys_project_id", "project_id"),
    )
