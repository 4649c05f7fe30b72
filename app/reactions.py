"""What happens when something happened: the only wiring of events."""

from collections.abc import Mapping, Sequence

from app import events
from app.domain.events import Event, ExecutionEnded, ExecutionSkipped
from app.events import LateReaction, Reaction
from app.services import chain_runs

#: In the unit of work of the event: with it they are committed, or not at all.
IN_TRANSACTION: Mapping[type[Event], Sequence[Reaction]] = {
    ExecutionEnded: (chain_runs.follow_execution,),
    ExecutionSkipped: (chain_runs.follow_skipped,),
}
#: Once it is committed. What fails here is mended from the rows.
AFTER_COMMIT: Mapping[type[Event], Sequence[LateReaction]] = {}


def connect() -> None:
    """Connect the reactions of this process."""
    events.connect(IN_TRANSACTION, AFTER_COMMIT)
