"""Projects: the owners of jobs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict, Forbidden, NotFound, invalid
from app.domain.ids import new_id, normalise_id
from app.models import Chain, Execution, Job, Project, User, project_members
from app.services import totals
from app.services.access import changed, sight
from app.services.executions.sql import ACTIVE
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted

DEFAULT = "default"
LISTING = Listing(Project.id, {"name": Order(Project.name)}, "name", "asc")


def page(session: Session, wanted: Wanted, *, include_archived: bool) -> Page[dict[str, Any]]:
    """Return a page of projects by name; archived ones only on request."""
    where = [] if include_archived else [Project.is_archived.is_(False)]
    wanted = replace(wanted, filters={"include_archived": include_archived})
    ids, cursor = LISTING.ids(session, Scope(tuple(where)), wanted)
    found = {p.id: p for p in session.scalars(sa.select(Project).where(Project.id.in_(ids)))}
    jobs = _job_counts(session)
    rows = [_wire(found[row_id], jobs[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(Project.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def view(session: Session, project_id: str) -> dict[str, Any]:
    """Return a project as it goes on the wire. Raises :class:`NotFound`."""
    project = get(session, project_id)
    return _wire(project, totals.of(session, "jobs", project.id))


def get(session: Session, project_id: str) -> Project:
    """Return a project. Raises :class:`NotFound`."""
    known = normalise_id(project_id)
    project = session.get(Project, known) if known else None
    if project is None:
        raise NotFound("Project not found")
    return project


def create(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a project."""
    if (limited := sight.limited()) is not None and limited.within is not None:
        raise Forbidden("a key of one project makes no others", {"needs": ["membership"]})
    _refuse_taken(session, values["name"])
    project = Project(
        id=new_id(),
        **{"description": None, "color": None, "icon": None, "is_archived": False, **values},
        created_at=now(),
        updated_at=now(),
    )
    session.add(project)
    session.flush()
    if limited is not None:
        _join(session, project, limited.actor)
    return _wire(project, 0)


def _join(session: Session, project: Project, actor: str) -> None:
    """Make who makes a project its member, if nothing else would let it be seen."""
    person = sa.select(sa.literal(project.id), User.id).where(
        User.username == actor.removeprefix("user:")
    )
    columns = [project_members.c.project_id, project_members.c.user_id]
    session.execute(sa.insert(project_members).from_select(columns, person))
    changed(session)


def update(session: Session, project_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a project. Raises :class:`Forbidden` for who is no member."""
    project = get(session, project_id)
    sight.check_whole(project.id)
    if "name" in values:
        _refuse_taken(session, values["name"], project.id)
    for name, value in values.items():
        setattr(project, name, value)
    project.updated_at = now()
    session.flush()
    return view(session, project.id)


def delete(session: Session, project_id: str, reassign_to: str | None) -> None:
    """Delete a project with its jobs and chains, or after moving them to another project."""
    project = get(session, project_id)
    sight.check_whole(project.id)
    if project.id == DEFAULT:
        raise Conflict("Cannot delete default project")
    if reassign_to is not None:
        _reassign(session, project, reassign_to)
    elif _runs(session, project.id):
        raise Conflict("a job of this project is running; cancel it first")
    session.execute(sa.delete(Project).where(Project.id == project.id))


def _reassign(session: Session, project: Project, target: str) -> None:
    known = normalise_id(target)
    if known == project.id or known is None or session.get(Project, known) is None:
        raise invalid("reassign_to", "must be another project", target)
    sight.check_whole(known)
    for table in (Execution, Job, Chain):  # the order in which claims lock them
        session.execute(
            sa.update(table).where(table.project_id == project.id).values(project_id=known)
        )


def _runs(session: Session, project_id: str) -> bool:
    """Lock what is active in a project, so that nothing of it starts; return whether one runs."""
    query = sa.select(Execution.status).where(Execution.project_id == project_id, ACTIVE)
    return any(s in state.STARTED for s in session.scalars(query.with_for_update()).all())


def _refuse_taken(session: Session, name: str, project_id: str = "") -> None:
    query = sa.select(Project.id).where(Project.name == name, Project.id != project_id)
    with sight.unlimited():
        is_taken = session.scalar(query) is not None
    if is_taken:
        raise Conflict("another project has this name")


def _job_counts(session: Session) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (project_id, _), count in totals.by_project_and_status(session, "jobs").items():
        counts[project_id] += count
    return counts


def _wire(project: Project, job_count: int) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "color": project.color,
        "icon": project.icon,
        "is_archived": project.is_archived,
        "job_count": job_count,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }
