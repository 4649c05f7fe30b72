"""What happens when something happened: the only wiring of events."""

from collections.abc import Mapping, Sequence

from app import events
from app.domain.events import (
    ChainEnded,
    Event,
    ExecutionEnded,
    ExecutionSkipped,
    ExecutionStarted,
    JobCreated,
)
from app.events import LateReaction, Reaction
from app.services import chain_runs
from app.services.notifications import outbox as mails
from app.services.webhooks import outbox

#: In the unit of work of the event: with it they are committed, or not at all.
IN_TRANSACTION: Mapping[type[Event], Sequence[Reaction]] = {
    JobCreated: (outbox.note,),
    ExecutionStarted: (outbox.note,),
    ExecutionEnded: (outbox.note, mails.note, chain_runs.follow_execution),
    ExecutionSkipped: (outbox.note, chain_runs.follow_skipped),
    ChainEnded: (outbox.note,),
}
#: Once it is committed. What fails here is mended from the rows.
AFTER_COMMIT: Mapping[type[Event], Sequence[LateReaction]] = {}


def connect() -> None:
    """Connect the reactions of this process."""
    events.connect(IN_TRANSACTION, AFTER_COMMIT)
