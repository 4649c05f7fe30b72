"""Named values for configs of jobs."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


def _one_name(scope: str, *columns: str) -> sa.Index:
    """Return the index by which a name is there once in a scope."""
    where = sa.text(f"scope = '{scope}'")
    return sa.Index(
        f"uq_variables_{scope}",
        *columns,
        "name",
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


class Variable(Base):
    """A variable of the installation, of a project, or of a job."""

    __tablename__ = "variables"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    scope: Mapped[str] = mapped_column(sa.String(8))
    #: Set in its scope only.
    project_id: Mapped[Id | None] = mapped_column(sa.ForeignKey("projects.id", ondelete="CASCADE"))
    job_id: Mapped[Id | None] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"))
    #: In clear, or encrypted and bound to the row if it is sensitive.
    value: Mapped[str]
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str | None]
    created_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(sa.Integer(), default=1)
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_variables_name", "name", "id"),
        _one_name("global"),
        _one_name("project", "project_id"),
        _one_name("job", "job_id"),
    )
