"""What may not be meant in a job that names variables."""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.specs import SPECS, Spec, filling
from app.models import Variable
from app.services.variables.views import applies_to


def hints(session: Session, job: Any) -> list[str]:
    """Return a sentence if a config names variables that no start of its job would find today."""
    if "${" not in job.config:
        return []
    wanted = filling.named(SPECS.get(job.type, Spec), orjson.loads(job.config))
    if not wanted:
        return []
    query = sa.select(Variable.name).where(applies_to(job))
    there = set(session.scalars(query.where(Variable.name.in_(wanted))))
    missing = sorted(wanted - there)
    if not missing:
        return []
    names = ", ".join(f"${{{name}}}" for name in missing[:10])
    if there or session.scalar(query.limit(1)) is not None:
        return [f"no variable is there for {names}: an execution fails until there is one"]
    return [f"no variable applies to this job: {names} stays as it is written"]
