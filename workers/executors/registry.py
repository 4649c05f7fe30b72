"""Which executor performs which kind of spec."""

import importlib
from collections.abc import Callable

from app.domain.specs import FOUND
from workers.executors.base import Executor, Options
from workers.executors.claude import ClaudeExecutor
from workers.executors.docker import DockerExecutor
from workers.executors.python import PythonExecutor
from workers.executors.shell import ShellExecutor

Maker = Callable[[Options], Executor]


def at(place: str) -> Maker:
    """Return what makes the executor at ``package.module:Class``; it is imported when needed."""

    def make(options: Options) -> Executor:
        module, name = place.split(":")
        made: Executor = getattr(importlib.import_module(module), name)(options)
        return made

    return make


OWN: dict[str, Maker] = {
    "claude": ClaudeExecutor,
    "docker": DockerExecutor,
    "http": at("workers.executors.http:HttpExecutor"),  # its libraries take 5 MB
    "python": PythonExecutor,
    "shell": ShellExecutor,
}
EXECUTORS: dict[str, Maker] = OWN | {
    kind: at(plugin.executor) for kind, plugin in FOUND.plugins.items()
}
