"""No file, function or folder grows beyond what can be taken in at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Function, functions, name_of, python_files

FILE_LINES = 300
LONG_FILE_LINES = 400
LONG_FILES = ("app/models/", "tests/")
FUNCTION_LINES = 50
PARAMETERS = 6
VIEW_LINES = 15
TASK_LINES = 10
COMPONENT_LINES = 250
FOLDER_FILES = 30

#: What may break a limit: the file, `file:function` or folder, each with its reason.
EXCEPTIONS: dict[str, str] = {}

#: A migration is written once, by a tool, and read as a list.
GENERATED = "migrations/versions/"
VIEW_DECORATORS = {"route", "get", "post", "put", "patch", "delete"}
VIEW_METHODS = {"get", "post", "put", "patch", "delete"}


def refused(sizes: Iterator[tuple[str, int]], limit: int) -> list[str]:
    """Return what is larger than the limit and not excepted."""
    return [
        f"{name}: {size} > {limit}"
        for name, size in sizes
        if size > limit and name not in EXCEPTIONS
    ]


def written_files() -> Iterator[Path]:
    """Yield the Python files that people write."""
    return (path for path in python_files() if not name_of(path).startswith(GENERATED))


def written_functions() -> Iterator[tuple[str, Function]]:
    """Yield the functions that people write, with their names."""
    for path in written_files():
        for function in functions(path):
            yield f"{name_of(path)}:{function.name}", function


def lines_of(function: Function) -> int:
    """Return how many lines a function takes, docstring included, decorators not."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def body_lines(function: Function) -> int:
    """Return how many lines the body of a function takes without its docstring."""
    skipped = 1 if ast.get_docstring(function) is not None else 0
    body = function.body[skipped:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters_of(function: Function) -> int:
    """Return how many parameters a caller of a function has to know."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([parameter for parameter in named if parameter.arg not in {"self", "cls"}])


def decorator_names(function: Function) -> set[str]:
    """Return the last names of a function's decorators: `blueprint.route(...)` gives `route`."""
    called = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return {d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in called}


def is_view(name: str, function: Function) -> bool:
    """Return whether a function answers HTTP requests."""
    is_method = function.name in VIEW_METHODS and [a.arg for a in function.args.args][:1] == [
        "self"
    ]
    return name.startswith("app/api/") and (
        is_method or bool(decorator_names(function) & VIEW_DECORATORS)
    )


def is_task(name: str, function: Function) -> bool:
    """Return whether a function is a Celery task."""
    return name.startswith("workers/tasks/") and bool(
        decorator_names(function) & {"task", "shared_task"}
    )


def test_no_python_file_is_too_long():
    sizes = [(name_of(path), len(path.read_text().splitlines())) for path in written_files()]
    long = ((name, size) for name, size in sizes if name.startswith(LONG_FILES))
    other = ((name, size) for name, size in sizes if not name.startswith(LONG_FILES))
    assert refused(long, LONG_FILE_LINES) + refused(other, FILE_LINES) == []


def test_no_function_is_too_long():
    sizes = ((name, lines_of(function)) for name, function in written_functions())
    assert refused(sizes, FUNCTION_LINES) == []


def test_no_function_has_too_many_parameters():
    sizes = ((name, parameters_of(function)) for name, function in written_functions())
    assert refused(sizes, PARAMETERS) == []


def test_no_view_does_the_work_itself():
    views = ((name, body_lines(f)) for name, f in written_functions() if is_view(name, f))
    assert refused(views, VIEW_LINES) == []


def test_no_task_does_the_work_itself():
    tasks = ((name, body_lines(f)) for name, f in written_functions() if is_task(name, f))
    assert refused(tasks, TASK_LINES) == []


def test_no_component_is_too_long():
    components = (ROOT / "frontend" / "src").rglob("*.vue")
    sizes = ((name_of(path), len(path.read_text().splitlines())) for path in components)
    assert refused(sizes, COMPONENT_LINES) == []


def test_no_folder_is_too_full():
    folders = {path.parent for path in python_files()} - {ROOT, ROOT / GENERATED}
    files = ((name_of(f), sum(p.is_file() for p in f.iterdir())) for f in sorted(folders))
    assert refused(files, FOLDER_FILES) == []


def test_every_exception_is_still_there_and_has_a_reason():
    there = {name_of(path) for path in written_files()} | {name for name, _ in written_functions()}
    folders = {name_of(path.parent) for path in python_files()}
    assert [name for name in EXCEPTIONS if name not in there | folders] == []
    assert all(EXCEPTIONS.values())


@pytest.mark.parametrize(
    ("source", "lines", "body", "parameters"),
    [
        ("def f(): ...", 1, 1, 0),
        ("@g\ndef f(self, a, *, b):\n    '''doc'''\n    x = 1\n    y = 2", 4, 2, 2),
        ("async def f(a, /, *args, **more):\n    '''doc'''", 2, 0, 1),
    ],
)
def test_sizes_are_counted_as_the_rules_say(source, lines, body, parameters):
    function = ast.parse(source).body[0]
    assert isinstance(function, Function)
    assert lines_of(function) == lines
    assert body_lines(function) == body
    assert parameters_of(function) == parameters
