"""What an error of the database means to whoever asked."""

import re

from sqlalchemy import exc

from app.domain.errors import Conflict, DomainError, Unavailable

#: The unique values of the schema: as its constraints are called, and as SQLite says it.
_UNIQUE = {
    r"uq_projects_name|projects\.name": "another project has this name",
    r"uq_tags_name|tags\.name": "another tag has this name",
    r"uq_variables_|variables\.(name|project_id|job_id)": (
        "there is a variable of this name in this scope"
    ),
    r"uq_jobs_external_id|jobs\.external_id": "another job has this external_id",
}


def meaning(error: BaseException) -> DomainError | None:
    """Return the error to answer with; ``None`` if it is no error of the database, or a bug."""
    if isinstance(error, exc.IntegrityError):
        text = str(error.orig)
        message = next((m for form, m in _UNIQUE.items() if re.search(form, text)), None)
        return Conflict(message or "it was changed by another at this moment; try again")
    if isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError):
        return Unavailable("the database can't be reached or is busy; try again")
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return Unavailable("the connection to the database was lost; try again")
    return None
