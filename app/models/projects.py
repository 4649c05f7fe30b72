"""Projects own jobs; tags label them."""

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


class Project(Base):
    """The owner of jobs. The one with the id ``default`` always exists."""

    __tablename__ = "projects"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    color: Mapped[str | None]
    icon: Mapped[str | None]
    is_archived: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Tag(Base):
    """A label that any number of jobs carry."""

    __tablename__ = "tags"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    color: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]
