"""Lists as one parameter, so that a statement has the same text however long they are."""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Texts(sa.TypeDecorator[list[str]]):
    """Texts: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.String
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Use the database's own type where it has one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(sa.Text()))
        return dialect.type_descriptor(sa.String())

    def process_bind_param(self, value: list[str] | None, dialect: sa.Dialect) -> Any:
        """Return the list as the driver takes it."""
        return value if dialect.name == "postgresql" else orjson.dumps(value).decode()


class is_one_of(FunctionElement[Any]):  # noqa: N801 - reads as an SQL function
    """Whether a text is in the list that is given as the parameter ``name``."""

    #: Not a truth: for those SQLite is asked whether they equal 1, and then it takes no index.
    type = sa.types.NullType()
    inherit_cache = True
    name = "is_one_of"

    def __init__(self, text: sa.ColumnElement[str], name: str) -> None:
        super().__init__(text, sa.bindparam(name, type_=_Texts()))


@compiles(is_one_of, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    text, texts = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{text} IN (SELECT value FROM json_each({texts}))"  # noqa: S608 - parts of a statement


@compiles(is_one_of, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    text, texts = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{text} = ANY({texts})"
