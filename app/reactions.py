"""What happens when something happened: the only wiring of events."""

from collections.abc import Mapping, Sequence

from app import events
from app.domain.events import (
    Event,
    ExecutionEnded,
    ExecutionSkipped,
    ExecutionStarted,
    JobCreated,
)
from app.events import LateReaction, Reaction
from app.services.webhooks import outbox

#: In the unit of work of the event: with it they are committed, or not at all.
IN_TRANSACTION: Mapping[type[Event], Sequence[Reaction]] = {
    JobCreated: (outbox.note,),
    ExecutionStarted: (outbox.note,),
    ExecutionEnded: (outbox.note,),
    ExecutionSkipped: (outbox.note,),
}
#: Once it is committed. What fails here is mended from the rows.
AFTER_COMMIT: Mapping[type[Event], Sequence[LateReaction]] = {}


def connect() -> None:
    """Connect the reactions of this process."""
    events.connect(IN_TRANSACTION, AFTER_COMMIT)
