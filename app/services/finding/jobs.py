"""Jobs by a part of their names, or by their ids."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Job, Project
from app.services import search
from app.services.finding.hits import Hit, Wish, best
from app.services.finding.ids import range_of

#: Shorter texts are looked for in the names of so many jobs, the newest.
NEWEST = 5_000
#: So many names may be asked for at once.
MOST_NAMED = 5_000
#: Of what an index finds, so many are looked at for those that fit best.
_LOOKED_AT = 200
_LAST = "\U0010ffff"
#: Without the mapper: who sees a job sees the name of its project.
_projects: Any = Project.__table__
_COLUMNS = (Job.id, Job.name, Job.type, Job.status, Job.enabled)


def find(session: Session, wish: Wish) -> list[Hit]:
    """Return the jobs whose names contain a text, those first that begin with it."""
    if wish.text.startswith("#"):  # the number of an execution
        return []
    found = {row.id: row for rows in _rows(session, wish) for row in rows}
    return best((_rank(wish, row), _hit(row)) for row in found.values())


def of_all(session: Session) -> list[Hit] | None:
    """Return all jobs by name, if they are no more than :data:`MOST_NAMED`."""
    query = _query().order_by(Job.name, Job.id).limit(MOST_NAMED + 1)
    rows = session.execute(query).all()
    return None if len(rows) > MOST_NAMED else [_hit(row) for row in rows]


def _query() -> sa.Select[Any]:
    query = sa.select(*_COLUMNS, _projects.c.name.label("project_name"))
    return query.join(_projects, _projects.c.id == Job.project_id)


def _rows(session: Session, wish: Wish) -> Iterator[Any]:
    query = _query()
    if ids := range_of(wish.folded):
        yield session.execute(query.where(Job.id >= ids[0], Job.id <= ids[1]).limit(wish.limit))
    begins = (Job.name >= wish.text, Job.name < wish.text + _LAST)
    begin = query.where(*begins).order_by(Job.name).limit(wish.limit)
    yield (beginning := session.execute(begin).all())
    if len(beginning) == wish.limit:  # none that only contains the text is better
        return
    if len(wish.folded) < search.SHORTEST:
        yield _among_newest(session, wish, query)
        return
    contains = search.name_contains(session, wish.text).condition
    yield session.execute(query.where(contains).limit(_LOOKED_AT))


def _among_newest(session: Session, wish: Wish, query: sa.Select[Any]) -> Any:
    newest = sa.select(Job.id, Job.name).order_by(Job.id.desc()).limit(NEWEST).subquery()
    may_fit = search.may_contain(session, newest.c.name, wish.folded)
    some = sa.select(newest).where(may_fit).order_by(newest.c.id.desc())
    fitting = (row.id for row in session.execute(some) if wish.rank(row.name) is not None)
    return session.execute(query.where(Job.id.in_(list(islice(fitting, _LOOKED_AT)))))


def _rank(wish: Wish, row: Any) -> int | None:
    return 0 if row.id.startswith(wish.folded.replace("-", "")) else wish.rank(row.name)


def _hit(row: Any) -> Hit:
    status = row.status if row.enabled else "off"
    return Hit(row.id, row.name, row.project_name, status=status, type=row.type)
