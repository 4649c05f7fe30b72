"""Passes through chains: one link at a time, in order, each an execution of its job."""

from app.services.chain_runs.advance import end_all, follow_execution, follow_skipped
from app.services.chain_runs.control import cancel, get, resume
from app.services.chain_runs.links import Place, finish, is_next, lock_for_end, take
from app.services.chain_runs.mending import repair
from app.services.chain_runs.starts import execute, start
from app.services.chain_runs.views import detail, page

__all__ = [
    "Place",
    "cancel",
    "detail",
    "end_all",
    "execute",
    "finish",
    "follow_execution",
    "follow_skipped",
    "get",
    "is_next",
    "lock_for_end",
    "page",
    "repair",
    "resume",
    "start",
    "take",
]
