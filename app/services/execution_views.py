"""Executions as they go on the wire."""

from typing import Any

import orjson
import sqlalchemy as sa

from app.domain import execution_state as state
from app.domain.decisions import say_reason
from app.models import Execution, Job
from app.services import tracing

#: The workers keep so much of the output's end for lists.
TAIL_BYTES = 16_384
_HIDDEN = "***"
#: Left out while they have no value.
_OMITTED = (
    *("completed_at", "exit_code", "error", "duration_ms"),
    *("due_until", "moments", "catches_up_id"),
    *("fingerprint", "discarded_at", "replay_of", "replayed_by"),
    *("output_purged_at", "output_purged_by"),
)

_PLAIN = (
    "id",
    "root_execution_id",
    "parent_execution_id",
    "job_id",
    "job_name",
    "job_version",
    "number",
    "status",
    "attempt",
    "origin",
    "actor",
    "blocked_on",
    "reason",
    "due_at",
    "due_until",
    "moments",
    "catches_up_id",
    "run_at",
    "queued_at",
    "started_at",
    "completed_at",
    "duration_ms",
    "lateness_ms",
    "exit_code",
    "error",
    "error_code",
    "retries",
    "fingerprint",
    "discarded_at",
    "replay_of",
    "replayed_by",
    "output_truncated",
    "output_purged_at",
    "output_purged_by",
    "worker",
    "queue",
    "priority",
    "chain_run_id",
    "link_index",
    "created_at",
)

#: Without the mapper: who sees an execution sees the name of its job, whatever else of that.
_jobs: Any = Job.__table__
#: What a query for :func:`wire` selects.
COLUMNS = (
    *(getattr(Execution, name) for name in _PLAIN if name != "job_name"),
    _jobs.c.name.label("job_name"),
    Execution.traceparent,
    Execution.parameters,
    Execution.output_tail,
    Execution.cpu_seconds,
    Execution.max_rss_bytes,
)
QUERY = sa.select(*COLUMNS).join(_jobs, _jobs.c.id == Execution.job_id)


def wire(row: Any) -> dict[str, Any]:
    """Return an execution, with the end of its output."""
    found = {name: getattr(row, name) for name in _PLAIN}
    for name in _OMITTED:
        if found[name] is None:
            del found[name]
    if row.reason is not None:
        told = say_reason(row.reason)
        found["reason_code"], found["reason_params"] = told["code"], told["params"]
    found["trace_id"] = tracing.trace_id(row)
    found["parameters"] = masked(row.parameters)
    found["usage"] = {"cpu_seconds": row.cpu_seconds, "max_rss_bytes": row.max_rss_bytes}
    if row.output_tail:
        found["output"] = row.output_tail
        found["output_truncated"] = row.output_truncated or fills_the_tail(row.output_tail)
    return found


def masked(parameters: str | None) -> dict[str, Any] | None:
    """Return the parameters of a manual start without what may be secret in them."""
    if parameters is None:
        return None
    given: dict[str, Any] = orjson.loads(parameters)
    if "env" in given:
        given["env"] = dict.fromkeys(given["env"], _HIDDEN)
    if given.get("body"):
        given["body"] = _HIDDEN
    return given


def is_final(row: Any) -> bool:
    """Return whether an execution has ended."""
    return row.status in state.FINAL


def fills_the_tail(tail: str) -> bool:
    """Return whether the output may have been longer than the end that is kept for lists."""
    return len(tail.encode()) >= TAIL_BYTES - 3
