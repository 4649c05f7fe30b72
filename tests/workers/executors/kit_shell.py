"""Shell work for the contract suite."""

import shlex
from collections.abc import Sequence
from typing import Self

from app.domain.specs.shell import ShellSpec
from workers.executors.base import Executor, Options
from workers.executors.shell import ShellExecutor


class ShellKit:
    """Makes scripts; needs nothing started."""

    kind = "shell"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def executor(self, options: Options) -> Executor:
        return ShellExecutor(options)

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> ShellSpec:
        words = " ".join(shlex.quote(line) for line in lines)
        return ShellSpec(script=f"printf '%s\\n' {words}\nsleep {then_seconds}\n")

    def sleeps(self, seconds: float) -> ShellSpec:
        return ShellSpec(script=f"sleep {seconds}\n")

    def fails(self) -> ShellSpec:
        return ShellSpec(script="echo broken >&2\nexit 3\n")

    def floods(self, size: int) -> ShellSpec:
        return ShellSpec(script=f"head -c {size} /dev/zero\n")


KIT = ShellKit()
