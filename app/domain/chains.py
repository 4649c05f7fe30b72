"""The rules of chains: which link comes next, and how a run ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MAX_LINKS: Final = 100

#: When a link runs, by what happened before it.
IF_SUCCESS, IF_FAILURE, ALWAYS = "success", "failure", "always"
RUN_IF: Final = (IF_SUCCESS, IF_FAILURE, ALWAYS)

RUNNING: Final = "running"
CANCELLING: Final = "cancelling"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
UNDER_WAY: Final = (RUNNING, CANCELLING)
#: A moment of its schedule that passed without a run.
SKIPPED: Final = "skipped"
FINAL: Final = (COMPLETED, FAILED, CANCELLED, SKIPPED)
STATUSES: Final = (*UNDER_WAY, *FINAL)

SUCCESS: Final = "success"
FAILURE: Final = "failure"


@dataclass(frozen=True, slots=True)
class Past:
    """A link whose turn is over: its outcome, ``None`` if it was passed over."""

    outcome: str | None
    stop_on_failure: bool = True


def stopped_by(past: Sequence[Past]) -> int | None:
    """Return the number, from 1, of the link whose failure stopped the chain."""
    stopping = (
        n for n, link in enumerate(past, 1) if link.outcome == FAILURE and link.stop_on_failure
    )
    return next(stopping, None)


def why_not(run_if: str, past: Sequence[Past]) -> str | None:
    """Return why the link behind ``past`` is passed over; ``None`` if it runs.

    A failure that stops the chain leaves only links that ask for it (``failure``) or run in any
    case (``always``). One that does not stop it is seen by ``failure`` links as long as no other
    link has run since.
    """
    if run_if == ALWAYS:
        return None
    stopping = stopped_by(past)
    if run_if == IF_SUCCESS:
        return None if stopping is None else f"link {stopping} failed"
    last = next((link.outcome for link in reversed(past) if link.outcome is not None), None)
    return None if stopping is not None or last == FAILURE else "no link failed before it"


def final_status(past: Sequence[Past]) -> str:
    """Return how a run ends whose links are all over."""
    return COMPLETED if stopped_by(past) is None else FAILED
