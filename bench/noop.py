"""A kind of job that does nothing, or sleeps: what is left is what the product costs.

Registered in the processes of a measurement only; the product does not know it.
"""

import time
from typing import ClassVar

from app.domain.specs import SPECS
from app.domain.specs.base import Spec
from bench.marks import mark
from workers.executors.base import Context, Options, Outcome
from workers.executors.registry import EXECUTORS


class NoopSpec(Spec):
    """Sleeps for ``milliseconds`` after having left a mark in a file, if one is named."""

    kind: ClassVar[str] = "noop"
    title: ClassVar[str] = "Nothing"
    description: ClassVar[str] = "Does nothing, for measurements."

    milliseconds: float = 0
    marks: str = ""


class NoopExecutor:
    """Performs :class:`NoopSpec`."""

    def __init__(self, options: Options) -> None:
        del options

    def perform(self, spec: NoopSpec, context: Context) -> Outcome:
        """Leave the mark, then sleep."""
        if spec.marks:
            mark(spec.marks, context.job_name)
        if spec.milliseconds:
            time.sleep(spec.milliseconds / 1000)
        return Outcome("completed", exit_code=0)

    def close(self) -> None:
        """There is nothing to give back."""


def register() -> None:
    """Make the kind known to this process and to those it forks."""
    SPECS[NoopSpec.kind] = NoopSpec
    EXECUTORS[NoopSpec.kind] = NoopExecutor
