"""Which executor performs which kind of spec."""

from collections.abc import Callable

from workers.executors.base import Executor, Options
from workers.executors.http import HttpExecutor
from workers.executors.shell import ShellExecutor

EXECUTORS: dict[str, Callable[[Options], Executor]] = {
    "http": HttpExecutor,
    "shell": ShellExecutor,
}
