"""Narrowing lists to what few rows have: a part of a name, a tag.

Few matches are looked up by their index; many are found soonest by walking the list in its
order and looking at each row. Which of both it is, is found by counting up to a bound.
"""

# ruff: noqa: S608 - all words in the statements are our own

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.texts.folding import BARE, SIGNS, TONED, bare
from app.models import Job, job_tags
from app.services.access import sight
from app.services.listing import COUNTED

#: Up to so many matches are looked up by their index.
FEW = 2000
#: Shorter words have no trigram.
SHORTEST = 3

_FOUND = (
    "SELECT job_search_ids.job_id FROM job_search"
    " JOIN job_search_ids ON job_search_ids.number = job_search.rowid"
    " WHERE job_search MATCH :phrase"
)
_READ = (
    "SELECT job_search_ids.job_id FROM job_search"
    " JOIN job_search_ids ON job_search_ids.number = job_search.rowid"
    " WHERE job_search.name LIKE :pattern ESCAPE '\\' LIMIT :most"
)

#: Spelt as in the index of trigrams.
_BARE_NAME = sa.func.translate(
    Job.name, sa.literal_column(f"'{TONED}{SIGNS}'"), sa.literal_column(f"'{BARE}'")
)
#: More names that fit are found sooner by reading names than by the index of their parts.
_COMMON = 2 * COUNTED

_LETTER = "substr(jobs.name, n, 1)"
_PLACE = f"instr('{TONED}{SIGNS}', {_LETTER})"
_STEP = f"CASE {_PLACE} WHEN 0 THEN {_LETTER} ELSE substr('{BARE}', {_PLACE}, 1) END"
#: The same for SQLite, letter by letter; names of plain letters pass by.
_BARE_ON_SQLITE: Any = sa.literal_column(
    "CASE WHEN jobs.name NOT GLOB '*[^ -~]*' THEN jobs.name ELSE"
    " (WITH RECURSIVE bare (n, text) AS ("
    f"SELECT 1, '' UNION ALL SELECT n + 1, text || {_STEP} FROM bare"
    " WHERE n <= length(jobs.name))"
    " SELECT text FROM bare WHERE n > length(jobs.name)) END",
    sa.Text(),
)


#: Whether a name has other letters than ASCII's, by database.
_HAS_OTHERS: dict[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "sqlite": lambda name: name.op("GLOB", is_comparison=True)("*[^ -~]*"),
    "postgresql": lambda name: sa.func.octet_length(name) != sa.func.char_length(name),
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A condition, and how many of all jobs fulfil it, up to one more than is counted, if known."""

    condition: sa.ColumnElement[bool]
    matches: int | None = None


def name_contains(session: Session, text: str) -> Narrowed:
    """Narrow to jobs whose name contains a text, in whatever case and with whatever tones."""
    text = bare(text)
    pattern = f"%{escaped(text)}%"
    if session.get_bind().dialect.name != "sqlite":
        alike = _BARE_NAME.ilike(pattern, escape="\\")
        return Narrowed(_read(pattern, alike) if _is_common(session, pattern) else alike)
    alike = _BARE_ON_SQLITE.like(pattern, escape="\\")  # on SQLite in any case, and quicker
    if len(text) < SHORTEST:  # no index of parts serves; reading the names alone is quick
        ids = _read_through(session, pattern)
        return Narrowed(Job.id.in_(ids), len(ids)) if len(ids) <= FEW else Narrowed(alike)
    found = sa.text(_FOUND).bindparams(phrase='"{}"'.format(text.replace('"', '""')))
    named: Any = found.columns(sa.column("job_id", sa.String(32))).subquery()
    matches = _matches(session, sa.select(named.c.job_id))
    is_few = matches <= COUNTED
    return Narrowed(Job.id.in_(sa.select(named.c.job_id)) if is_few else alike, matches)


def _read(pattern: str, alike: Any) -> sa.ColumnElement[bool]:
    """Return the condition for PostgreSQL without the index of parts, ten times as quick to check.

    What is in a name as it stands is also in it without its tones; most names have none.
    """
    is_toned = _HAS_OTHERS["postgresql"](Job.name)
    return sa.or_(Job.name.ilike(pattern, escape="\\"), sa.and_(is_toned, alike))


def may_contain(
    session: Session, name: sa.ColumnElement[str], folded: str
) -> sa.ColumnElement[bool]:
    """Return the condition that a name contains a folded text, or has letters still to fold."""
    has_others = _HAS_OTHERS[session.get_bind().dialect.name](name)
    return sa.or_(name.ilike(f"%{escaped(folded)}%", escape="\\"), has_others)


@sight.unlimited()
def _is_common(session: Session, pattern: str) -> bool:
    """Return whether PostgreSQL believes that many names fit, by its statistics."""
    query = sa.text(
        "EXPLAIN (FORMAT JSON) SELECT 1 FROM jobs WHERE name ILIKE :pattern ESCAPE '\\'"
    )
    plan: Any = session.scalar(query, {"pattern": pattern})
    return bool(plan[0]["Plan"]["Plan Rows"] >= _COMMON)


@sight.unlimited()
def _read_through(session: Session, pattern: str) -> list[str]:
    """Return jobs whose names fit, from the index, which has them without tones."""
    return list(session.scalars(sa.text(_READ), {"pattern": pattern, "most": FEW + 1}))


@sight.unlimited()
def _matches(session: Session, query: sa.Select[Any]) -> int:
    some = query.limit(COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def escaped(text: str) -> str:
    """Return a text for LIKE, in which no sign stands for others."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def tagged(
    session: Session,
    job_id: sa.SQLColumnExpression[str],
    tag_ids: Sequence[str],
    *,
    is_narrow: bool = False,
) -> Narrowed:
    """Narrow to what belongs to jobs that have one of these tags; ``job_id`` says of which job.

    ``is_narrow`` says that other filters let but few rows through.
    """
    having: Any = sa.select(job_tags.c.job_id).where(job_tags.c.tag_id.in_(tag_ids))
    matches = _matches(session, having.distinct() if len(tag_ids) > 1 else having)
    if matches <= FEW:
        return Narrowed(job_id.in_(having), matches)
    its_own = having.where(job_tags.c.job_id == job_id).correlate_except(job_tags)
    if is_narrow:  # no EXISTS: PostgreSQL would make a hash of all that have the tag for it
        return Narrowed(its_own.limit(1).scalar_subquery().is_not(None), matches)
    return Narrowed(sa.exists(its_own), matches)
