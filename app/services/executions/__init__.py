"""The life of executions: the only writers of their status."""

from app.services.executions.births import add, born, queue_due
from app.services.executions.claims import (
    Claim,
    Owner,
    cancellations,
    claim,
    give_back,
    has_claimable,
    of_owner,
    renew,
    running,
    unstarted,
)
from app.services.executions.endings import Result, lose, settle, settle_all
from app.services.executions.links import (
    LinkStart,
    active_link,
    claim_link,
    skip_link,
    start_link,
)
from app.services.executions.overlaps import (
    cancel,
    decide_overlap,
    follow_job,
    free_held,
    in_progress,
    resolve_overlaps,
)
from app.services.executions.plans import (
    JOB_DISABLED,
    lock_active,
    replan,
    revive,
    start_another,
    start_now,
    withdraw,
)
from app.services.executions.restored import lose_started, renew_fences, skip_missed

__all__ = [
    "JOB_DISABLED",
    "Claim",
    "LinkStart",
    "Owner",
    "Result",
    "active_link",
    "add",
    "born",
    "cancel",
    "cancellations",
    "claim",
    "claim_link",
    "decide_overlap",
    "follow_job",
    "free_held",
    "give_back",
    "has_claimable",
    "in_progress",
    "lock_active",
    "lose",
    "lose_started",
    "of_owner",
    "queue_due",
    "renew",
    "renew_fences",
    "replan",
    "resolve_overlaps",
    "revive",
    "running",
    "settle",
    "settle_all",
    "skip_link",
    "skip_missed",
    "start_another",
    "start_link",
    "start_now",
    "unstarted",
    "withdraw",
]
