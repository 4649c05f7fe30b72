"""A kind of job that does nothing, or sleeps: what is left is what the product costs.

Registered in the processes of a measurement only; the product does not know it.
"""

import time
from typing import ClassVar

from app.domain.specs import SPECS
from app.domain.specs.base import Spec
from bench.marks import mark, write
from workers.executors.base import Context, Options, Outcome
from workers.executors.registry import EXECUTORS


class NoopSpec(Spec):
    """Sleeps for ``milliseconds``; leaves a mark at its start, or lines in a ledger."""

    kind: ClassVar[str] = "noop"
    title: ClassVar[str] = "Nothing"
    description: ClassVar[str] = "Does nothing, for measurements."

    milliseconds: float = 0
    marks: str = ""
    #: Here it writes its start and its end, each with the execution that it is.
    ledger: str = ""


class NoopExecutor:
    """Performs :class:`NoopSpec`."""

    def __init__(self, options: Options) -> None:
        del options

    def perform(self, spec: NoopSpec, context: Context) -> Outcome:
        """Leave the marks, and sleep in between."""
        if spec.marks:
            mark(spec.marks, context.job_name)
        if spec.ledger:
            write(spec.ledger, f"START {context.job_name} {context.execution_id}")
        if spec.milliseconds:
            time.sleep(spec.milliseconds / 1000)
        if spec.ledger:
            write(spec.ledger, f"END {context.job_name} {context.execution_id}")
        return Outcome("completed", exit_code=0)

    def close(self) -> None:
        """There is nothing to give back."""


def register() -> None:
    """Make the kind known to this process and to those it forks."""
    SPECS[NoopSpec.kind] = NoopSpec
    EXECUTORS[NoopSpec.kind] = NoopExecutor
