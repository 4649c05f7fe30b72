"""The life of executions: the only writers of their status."""

from app.services.executions.births import add, born, queue_due
from app.services.executions.claims import (
    claim,
    give_back,
    has_claimable,
    of_owner,
    unstarted,
)
from app.services.executions.endings import lose, settle, settle_all
from app.services.executions.following import follow_job, follow_jobs
from app.services.executions.given import Given
from app.services.executions.holds import hold_waiting, let_go, place_waiting
from app.services.executions.keys import touch_overlooked
from app.services.executions.leases import cancellations, renew, running
from app.services.executions.limits import take_turn
from app.services.executions.links import (
    LinkStart,
    active_link,
    claim_link,
    skip_link,
    start_link,
)
from app.services.executions.moments import (
    Span,
    add_moments,
    drop_planned,
    due,
    has_row,
    is_planned,
    make_up,
    passed,
    take_back,
)
from app.services.executions.overlaps import (
    cancel,
    decide_overlap,
    free_held,
    in_progress,
    is_held,
    resolve_overlaps,
)
from app.services.executions.plans import (
    JOB_DISABLED,
    JOB_PAUSED,
    lock_active,
    replan,
    revive,
    start_another,
    start_now,
    take_turn_with,
    withdraw,
)
from app.services.executions.purges import purge, purge_output
from app.services.executions.replays import replay
from app.services.executions.restored import lose_started, renew_fences, skip_missed
from app.services.executions.results import Result
from app.services.executions.rings import ring_waiting
from app.services.executions.taken import Claim, Owner

__all__ = [
    "JOB_DISABLED",
    "JOB_PAUSED",
    "Claim",
    "Given",
    "LinkStart",
    "Owner",
    "Result",
    "Span",
    "active_link",
    "add",
    "add_moments",
    "born",
    "cancel",
    "cancellations",
    "claim",
    "claim_link",
    "decide_overlap",
    "drop_planned",
    "due",
    "follow_job",
    "follow_jobs",
    "free_held",
    "give_back",
    "has_claimable",
    "has_row",
    "hold_waiting",
    "in_progress",
    "is_held",
    "is_planned",
    "let_go",
    "lock_active",
    "lose",
    "lose_started",
    "make_up",
    "of_owner",
    "passed",
    "place_waiting",
    "purge",
    "purge_output",
    "queue_due",
    "renew",
    "renew_fences",
    "replan",
    "replay",
    "resolve_overlaps",
    "revive",
    "ring_waiting",
    "running",
    "settle",
    "settle_all",
    "skip_link",
    "skip_missed",
    "start_another",
    "start_link",
    "start_now",
    "take_back",
    "take_turn",
    "take_turn_with",
    "touch_overlooked",
    "unstarted",
    "withdraw",
]
