"""The variables that an execution is given: as they stand when it is claimed."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.variables import GLOBAL, JOB, PROJECT, SCOPES
from app.models import Variable


@dataclass(frozen=True, slots=True)
class Given:
    """A variable for one execution; ``stored`` is encrypted if it is sensitive."""

    id: str
    name: str
    scope: str
    is_sensitive: bool
    stored: str = field(repr=False)


_variables: Any = Variable.__table__
#: A column of the claim's own statements: nothing more is asked where there are no variables.
ANY_VARIABLES = sa.select(sa.exists(sa.select(_variables.c.id))).scalar_subquery().label("has_any")
_APPLIES = sa.or_(
    _variables.c.scope == sa.literal_column(f"'{GLOBAL}'"),
    sa.and_(
        _variables.c.scope == sa.literal_column(f"'{PROJECT}'"),
        _variables.c.project_id == sa.bindparam("of_project"),
    ),
    sa.and_(
        _variables.c.scope == sa.literal_column(f"'{JOB}'"),
        _variables.c.job_id == sa.bindparam("of_job"),
    ),
)
_config = sa.bindparam("of_config", type_=sa.Text())
#: The text of the config narrows them: what it does not hold, no field of it names.
_MENTIONED = {
    "sqlite": sa.func.instr(_config, _variables.c.name) > 0,
    "postgresql": sa.func.strpos(_config, _variables.c.name) > 0,
}
_COLUMNS = tuple(_variables.c[name] for name in ("id", "name", "scope", "is_sensitive", "value"))
_GIVEN = {
    dialect: sa.select(*_COLUMNS).where(
        _APPLIES, sa.or_(_variables.c.scope == sa.literal_column(f"'{JOB}'"), mentioned)
    )
    for dialect, mentioned in _MENTIONED.items()
}
_ANY_APPLIES = sa.select(_variables.c.id).where(_APPLIES).limit(1)


def given(session: Session, job_id: str, project_id: str, config: str) -> tuple[Given, ...] | None:
    """Return the variables that a config may ask for; ``None`` if none applies to its job."""
    asked = {"of_project": project_id, "of_job": job_id}
    connection = session.connection()
    rows = connection.execute(_GIVEN[connection.dialect.name], asked | {"of_config": config}).all()
    if not rows and connection.scalar(_ANY_APPLIES, asked) is None:
        return None
    best: dict[str, Given] = {}
    for row in sorted(rows, key=lambda r: SCOPES.index(r.scope)):
        best.setdefault(row.name, Given(row.id, row.name, row.scope, row.is_sensitive, row.value))
    return tuple(best.values())
