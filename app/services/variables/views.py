"""Variables as they go on the wire: lists of them, and those that apply to a job."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.specs.base import HIDDEN
from app.domain.variables import GLOBAL, JOB, PROJECT, SCOPES
from app.models import Variable
from app.services.access import Principal
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.variables import reach

LISTING = Listing(
    Variable.id,
    {"name": Order(Variable.name), "updated_at": Order(Variable.updated_at)},
    "name",
    "asc",
)
#: Lists carry so much of a value.
SHOWN = 1024
_PLAIN = (
    "id",
    "name",
    "scope",
    "project_id",
    "job_id",
    "is_sensitive",
    "description",
    "created_by",
    "version",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list of variables; ``search`` looks in names and descriptions."""

    scope: str | None = None
    project_id: str | None = None
    job_id: str | None = None
    search: str | None = None


def page(
    session: Session, who: Principal, filters: Filters, wanted: Wanted
) -> Page[dict[str, Any]]:
    """Return a page of the variables that somebody sees, by name."""
    where = (*reach.visible(who), *_conditions(filters))
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    query = sa.select(Variable).where(Variable.id.in_(ids))
    found = {variable.id: variable for variable in session.scalars(query)}
    rows = [_short(wire(found[row_id])) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(Variable.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def of_job(session: Session, who: Principal, job_id: str) -> list[dict[str, Any]]:
    """Return the variables that apply to a job, by name; of one name the strongest comes first.

    All but that one are ``overridden``. Raises :class:`NotFound`.
    """
    job = reach.job(session, who, job_id)
    seen = set(session.scalars(sa.select(Variable.id).where(applies_to(job), *reach.visible(who))))
    found = session.scalars(sa.select(Variable).where(applies_to(job)))
    taken: set[str] = set()
    rows = []
    for variable in sorted(found, key=lambda v: (v.name, SCOPES.index(v.scope))):
        if variable.id in seen:
            rows.append(_short(wire(variable)) | {"overridden": variable.name in taken})
        taken.add(variable.name)
    return rows


def applies_to(job: Any) -> sa.ColumnElement[bool]:
    """Return the condition of the variables of a job, its project, and all jobs."""
    return sa.or_(
        Variable.scope == GLOBAL,
        sa.and_(Variable.scope == PROJECT, Variable.project_id == job.project_id),
        sa.and_(Variable.scope == JOB, Variable.job_id == job.id),
    )


def wire(variable: Variable) -> dict[str, Any]:
    """Return a variable as it goes on the wire; a sensitive value never does."""
    found = {name: getattr(variable, name) for name in _PLAIN}
    return found | {"value": HIDDEN if variable.is_sensitive else variable.value}


def _short(found: dict[str, Any]) -> dict[str, Any]:
    if len(found["value"]) <= SHOWN:
        return found
    return found | {"value": found["value"][:SHOWN], "value_truncated": True}


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [
        getattr(Variable, name) == value
        for name in ("scope", "project_id", "job_id")
        if (value := getattr(filters, name)) is not None
    ]
    if filters.search:
        columns = (Variable.name, Variable.description)
        found.append(sa.or_(*(c.icontains(filters.search, autoescape=True) for c in columns)))
    return found
