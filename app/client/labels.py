"""Projects and tags: how jobs are put in order."""

from collections.abc import Iterator
from typing import Unpack

from app.client import lists
from app.client.connection import Connection, new_key
from app.client.things import Page, Project, Tag
from app.client.wishes import PageQuery, ProjectEdit, ProjectFields, TagEdit, TagFields


class Projects:
    """``client.projects``"""

    _path = "/api/projects"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, include_archived: bool = False, **query: Unpack[PageQuery]) -> Page[Project]:
        """Return a page of projects, by name."""
        wanted = {**query, "include_archived": include_archived}
        return lists.page(self._connection, self._path, wanted, Project)

    def walk(self, *, include_archived: bool = False) -> Iterator[Project]:
        """Yield all projects, by name."""
        return lists.walk(self.list, {"include_archived": include_archived})

    def create(self, name: str, **fields: Unpack[ProjectFields]) -> Project:
        """Make a project."""
        body = {**fields, "name": name}
        return Project.read(self._connection.post(self._path, body, key=new_key())["data"])

    def get(self, project_id: str) -> Project:
        """Return a project."""
        return Project.read(self._connection.get(f"{self._path}/{project_id}")["data"])

    def update(self, project_id: str, **fields: Unpack[ProjectEdit]) -> Project:
        """Change a project."""
        path = f"{self._path}/{project_id}"
        return Project.read(self._connection.patch(path, fields)["data"])

    def delete(self, project_id: str, reassign_to: str | None = None) -> None:
        """Delete a project, with its jobs unless they are reassigned to another."""
        self._connection.delete(f"{self._path}/{project_id}", {"reassign_to": reassign_to})


class Tags:
    """``client.tags``"""

    _path = "/api/tags"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[PageQuery]) -> Page[Tag]:
        """Return a page of tags, by name."""
        return lists.page(self._connection, self._path, query, Tag)

    def walk(self) -> Iterator[Tag]:
        """Yield all tags, by name."""
        return lists.walk(self.list, {})

    def create(self, name: str, **fields: Unpack[TagFields]) -> Tag:
        """Make a tag."""
        body = {**fields, "name": name}
        return Tag.read(self._connection.post(self._path, body, key=new_key())["data"])

    def get(self, tag_id: str) -> Tag:
        """Return a tag."""
        return Tag.read(self._connection.get(f"{self._path}/{tag_id}")["data"])

    def update(self, tag_id: str, **fields: Unpack[TagEdit]) -> Tag:
        """Change a tag."""
        return Tag.read(self._connection.patch(f"{self._path}/{tag_id}", fields)["data"])

    def delete(self, tag_id: str) -> None:
        """Delete a tag; jobs lose it."""
        self._connection.delete(f"{self._path}/{tag_id}")
