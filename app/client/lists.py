"""Lists of the API: page by page, or walked to the end."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from app.client.connection import Connection
from app.client.things import Page, Thing

T = TypeVar("T", bound=Thing)


def page(connection: Connection, path: str, query: Mapping[str, Any], kind: type[T]) -> Page[T]:
    """Return a page of a list."""
    wire = connection.get(path, query)
    return Page(tuple(kind.read(row) for row in wire["data"]), wire)


def walk(first: Callable[..., Page[T]], query: Mapping[str, Any]) -> Iterator[T]:
    """Yield the rows of a list to its end, a page at a time."""
    found = first(**query)
    yield from found
    rest = {name: value for name, value in query.items() if name != "offset"}
    while found.next_cursor:
        found = first(**rest | {"cursor": found.next_cursor})
        yield from found
