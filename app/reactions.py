"""What happens when something happened: the only wiring of events."""

from collections.abc import Mapping, Sequence

from app import events
from app.domain.events import (
    ChainEnded,
    Event,
    ExecutionEnded,
    ExecutionMoved,
    ExecutionSkipped,
    ExecutionStarted,
    JobChanged,
    JobCreated,
    JobDeleted,
)
from app.events import LateReaction, Reaction
from app.services import chain_runs, live
from app.services.notifications import outbox as mails
from app.services.webhooks import outbox

#: In the unit of work of the event: with it they are committed, or not at all.
IN_TRANSACTION: Mapping[type[Event], Sequence[Reaction]] = {
    JobCreated: (outbox.note, live.note),
    JobChanged: (live.note,),
    JobDeleted: (live.note,),
    ExecutionMoved: (live.note,),
    ExecutionStarted: (outbox.note, live.note),
    ExecutionEnded: (outbox.note, mails.note, chain_runs.follow_execution, live.note),
    ExecutionSkipped: (outbox.note, chain_runs.follow_skipped, live.note),
    ChainEnded: (outbox.note,),
}
#: Once it is committed. What fails here is mended from the rows.
AFTER_COMMIT: Mapping[type[Event], Sequence[LateReaction]] = {}


def connect() -> None:
    """Connect the reactions of this process."""
    events.connect(IN_TRANSACTION, AFTER_COMMIT)
