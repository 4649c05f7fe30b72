"""Members of projects: they see and start what belongs to the project."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict, Forbidden, NotFound
from app.models import Project, User, project_members
from app.services import access, projects
from app.services.access import Principal
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.people import user_views, users

LISTING = Listing(User.id, {"username": Order(User.username)}, "username", "asc")
#: Whoever has more friends makes a role that sees everything.
MOST: Final = 1000


def page(session: Session, project_id: str, wanted: Wanted, who: Principal) -> Page[dict[str, Any]]:
    """Return a page of a project's members by name. Raises :class:`NotFound`."""
    project = _seen(session, project_id, who)
    mine = sa.select(project_members.c.user_id).where(project_members.c.project_id == project.id)
    where = (User.id.in_(mine), User.deleted_at.is_(None))
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    rows = user_views.of_ids(session, ids)
    total, is_capped = counted(session, sa.select(User.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def add(session: Session, project_id: str, user_id: str, who: Principal) -> dict[str, Any]:
    """Make a user a member. Doing it again changes nothing."""
    access.changed(session)
    project, user = _seen(session, project_id, who), users.get(session, user_id)
    _refuse_own(user, who)
    if not _is_member(session, project, user):
        if _count(session, project) >= MOST:
            raise Conflict(f"a project has at most {MOST} members")
        row = {"project_id": project.id, "user_id": user.id}
        session.execute(sa.insert(project_members).values(row))
    return user_views.wire(session, user)


def remove(session: Session, project_id: str, user_id: str, who: Principal) -> None:
    """Have a user be no member any more. Raises :class:`NotFound` if it is none."""
    access.changed(session)
    project, user = _seen(session, project_id, who), users.get(session, user_id)
    _refuse_own(user, who)
    if not _is_member(session, project, user):
        raise NotFound("this user is no member of the project")
    session.execute(sa.delete(project_members).where(*_link(project, user)))


def _seen(session: Session, project_id: str, who: Principal) -> Project:
    """Return a project, unless it is hidden from who asks: what one does not see one can't give."""
    project, sight = projects.get(session, project_id), who.sight
    is_outside = sight.within is not None and sight.within != project.id
    if is_outside or not (sight.everything or project.id in sight.projects):
        raise NotFound("Project not found")
    return project


def _refuse_own(user: User, who: Principal) -> None:
    if user.id == who.user_id:
        raise Forbidden("nobody changes what they themselves belong to", {"reason": "own_roles"})


def _is_member(session: Session, project: Project, user: User) -> bool:
    query = sa.select(project_members.c.user_id).where(*_link(project, user))
    return session.scalar(query) is not None


def _link(project: Project, user: User) -> tuple[sa.ColumnElement[bool], ...]:
    return project_members.c.project_id == project.id, project_members.c.user_id == user.id


def _count(session: Session, project: Project) -> int:
    query = sa.select(sa.func.count()).where(project_members.c.project_id == project.id)
    return session.scalar(query) or 0
