"""The status of an execution is written in one place: ``app.services.executions``."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import name_of, python_files, tree_of

WRITER = ("app/services/executions/", "app/services/executions.py")
MODEL = "Execution"
STATEMENT = re.compile(r"\b(update|insert\s+into)\s+executions\b.*\bstatus\b", re.I | re.S)


def writes(tree: ast.AST) -> Iterator[int]:
    """Yield the lines of a file at which the status of an execution is written."""
    rows = names_of_rows(tree)
    return (getattr(node, "lineno", 0) for node in ast.walk(tree) if is_write(node, rows))


def is_write(node: ast.AST, rows: set[str]) -> bool:
    """Return whether a node assigns the status, gives it to a statement, or is SQL that does."""
    if isinstance(node, ast.Attribute):
        stored = isinstance(node.ctx, ast.Store) and node.attr == "status"
        return stored and is_row(node.value, rows)
    if isinstance(node, ast.Call):
        return makes_row(node) or sets_by_name(node, rows)
    return isinstance(node, ast.Constant) and bool(STATEMENT.search(str(node.value)))


def names_of_rows(tree: ast.AST) -> set[str]:
    """Return the names of variables declared to be executions, or taken from a query for them."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and mentions_model(node.annotation):
            names.add(node.arg)
        elif isinstance(node, ast.AnnAssign | ast.For):
            declared = node.iter if isinstance(node, ast.For) else node.annotation
            names |= names_in(node.target) if mentions_model(declared) else set()
    return names


def names_in(node: ast.AST) -> set[str]:
    """Return all names in an expression."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def mentions_model(node: ast.AST | None) -> bool:
    """Return whether an expression names the model, also as ``models.Execution``."""
    attributes = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)} if node else set()
    return node is not None and MODEL in names_in(node) | attributes


def is_row(node: ast.expr, rows: set[str]) -> bool:
    """Return whether an expression stands for an execution, by its declaration or its name."""
    name = getattr(node, "id", getattr(node, "attr", ""))
    return name in rows or "execution" in name.lower()


def makes_row(call: ast.Call) -> bool:
    """Return whether a call passes a status to an execution: ``Execution(…)``, ``.values(…)``."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    is_statement = name in {"values", "update"} and any(
        isinstance(n, ast.Call) and n.args and mentions_model(n.args[0])
        for n in ast.walk(call.func)
        if getattr(getattr(n, "func", None), "attr", "") in {"update", "insert", "query"}
    )
    return (name == MODEL or is_statement) and "status" in columns_of(call)


def columns_of(call: ast.Call) -> set[str | None]:
    """Return the columns that a call sets by keyword or in a dict."""
    keys = [
        key for argument in call.args if isinstance(argument, ast.Dict) for key in argument.keys
    ]
    named = {getattr(key, "attr", getattr(key, "value", None)) for key in keys}
    return named | {keyword.arg for keyword in call.keywords}


def sets_by_name(call: ast.Call, rows: set[str]) -> bool:
    """Return whether a call is ``setattr(execution, "status", …)``."""
    if getattr(call.func, "id", "") != "setattr" or len(call.args) != 3:
        return False
    return getattr(call.args[1], "value", "") == "status" and is_row(call.args[0], rows)


def test_only_one_module_writes_the_status_of_executions():
    others = [
        path
        for path in python_files("app", "workers", "beat")
        if not name_of(path).startswith(WRITER)
    ]
    found = [f"{name_of(path)}:{line}" for path in others for line in writes(tree_of(path))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "execution.status = 'failed'",
        "self.execution.status = QUEUED",
        "def f(row: Execution) -> None: row.status = RUNNING",
        "def f(row: models.Execution | None) -> None: row.status, x = RUNNING, 1",
        "for row in session.scalars(sa.select(Execution)): row.status = RUNNING",
        "Execution(id=1, status=QUEUED)",
        "models.Execution(id=1, status=QUEUED)",
        "session.execute(sa.update(Execution).where(Execution.id == 1).values(status=LOST))",
        "sa.insert(models.Execution).values({'status': LOST})",
        "sa.update(Execution).values({Execution.status: LOST})",
        "session.query(Execution).update({'status': LOST})",
        "setattr(execution, 'status', LOST)",
        "sql = 'UPDATE executions SET status = :s WHERE id = :id'",
        "sql = f'insert into executions (id, status) values ({x})'",
    ],
)
def test_a_write_is_found(source):
    assert list(writes(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "job.status = 'running'",
        "sa.update(Job).values(status='running')",
        "sa.update(Job).where(Job.id == execution.job_id).values(status='running')",
        "sa.update(Job).where(sa.exists(sa.select(Execution.id))).values(status='running')",
        "sa.update(Execution).where(Execution.status == QUEUED).values(lease_until=now)",
        "sa.select(Execution).where(Execution.status == QUEUED)",
        "print(execution.status)",
        "ExecutionFinished(status=execution.status)",
        "sql = 'SELECT status FROM executions'",
        "sql = 'UPDATE jobs SET status = 1'",
    ],
)
def test_a_read_or_a_write_of_something_else_is_not(source):
    assert not list(writes(ast.parse(source)))
