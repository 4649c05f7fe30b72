"""Variables: named values for the configs of jobs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Unpack

from app.client import lists
from app.client.connection import Connection
from app.client.things import Page, Thing
from app.client.wishes import VariableEdit, VariableFields, VariableQuery


class Variable(Thing):
    """A variable; ``value`` is ``***`` if it is sensitive, and in lists may be only its begin."""

    id: str
    name: str
    value: str
    value_truncated: bool = False
    is_sensitive: bool = False
    scope: str
    project_id: str | None = None
    job_id: str | None = None
    description: str | None = None
    created_by: str | None = None
    version: int
    created_at: datetime
    updated_at: datetime
    #: Among those of a job: another of this name counts.
    overridden: bool = False


class Variables:
    """``client.variables``"""

    _path = "/api/variables"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[VariableQuery]) -> Page[Variable]:
        """Return a page of variables, by name."""
        return lists.page(self._connection, self._path, query, Variable)

    def walk(self, **query: Unpack[VariableQuery]) -> Iterator[Variable]:
        """Yield all variables, by name."""
        return lists.walk(self.list, query)

    def of_job(self, job_id: str) -> tuple[Variable, ...]:
        """Return the variables that apply to a job; of one name that which counts comes first."""
        found = self._connection.get(f"/api/jobs/{job_id}/variables")["data"]
        return tuple(Variable.read(one) for one in found)

    def create(self, name: str, value: str, **fields: Unpack[VariableFields]) -> Variable:
        """Make a variable: a global one unless ``project_id`` or ``job_id`` is given."""
        body = {**fields, "name": name, "value": value}
        return Variable.read(self._connection.post(self._path, body)["data"])

    def get(self, variable_id: str) -> Variable:
        """Return a variable."""
        return Variable.read(self._connection.get(f"{self._path}/{variable_id}")["data"])

    def update(self, variable_id: str, **fields: Unpack[VariableEdit]) -> Variable:
        """Change a variable, for executions that start from now on."""
        path = f"{self._path}/{variable_id}"
        return Variable.read(self._connection.patch(path, fields)["data"])

    def delete(self, variable_id: str) -> None:
        """Delete a variable."""
        self._connection.delete(f"{self._path}/{variable_id}")
