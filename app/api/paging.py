"""Which page of a list is wanted, from its query."""

from dataclasses import fields
from typing import Any, TypeVar

from app.services.listing import Wanted

F = TypeVar("F")
_PAGE = ("limit", "offset", "cursor", "sort_by", "sort_order")


def wanted(query: dict[str, Any]) -> Wanted:
    """Return the page that a query asks for."""
    return Wanted(**{name: query[name] for name in _PAGE if name in query})


def split(query: dict[str, Any], filters: type[F]) -> tuple[F, Wanted]:
    """Return the filters of a query, and the page that it asks for."""
    known = {field.name for field in fields(filters)}  # type: ignore[arg-type] # a dataclass
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in query.items()
        if name in known
    }
    return filters(**given), wanted(query)
