"""The queue API: a piece of work becomes a job that runs once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.domain.clock import now, to_wire
from app.domain.errors import Fault, Invalid
from app.domain.names import clean_name
from app.domain.texts import json_text
from app.services.jobs import creation
from app.services.jobs.drafts import Draft, has_field
from app.settings import Settings

DEFAULT_TYPE = "claude"
MAX_ATTEMPTS = 5
_KEPT = ("queue", "project_id", "name")
#: A queue that people order by any number has ten steps here.
_LOWEST, _HIGHEST = 1, 10


def enqueue(session: Session, draft: Draft, actor: str, settings: Settings) -> dict[str, Any]:
    """Make the job; return it as it goes on the wire. Raises :class:`Invalid` with all faults."""
    given = dict(draft.values)
    try:
        return creation.create(session, Draft(_job(given), draft.faults), actor, settings)
    except Invalid as error:
        raise Invalid([_in_payload(fault) for fault in error.faults]) from None


def _job(given: dict[str, Any]) -> dict[str, Any]:
    kind, config = _work(given["payload"]) if "payload" in given else (None, None)
    values = {name: given[name] for name in _KEPT if name in given}
    values |= {"type": kind, "config": config}
    values.setdefault("name", _name(str(kind), config))
    if "priority" in given:
        values["raw_priority"] = given["priority"]
        values["priority"] = min(max(given["priority"], _LOWEST), _HIGHEST)
    if given.get("delay"):
        values["scheduled_at"] = to_wire(now() + timedelta(seconds=given["delay"]))
    else:
        values["immediate"] = True
    return values | retries(given.get("max_attempts", MAX_ATTEMPTS))


def retries(max_attempts: int) -> dict[str, Any]:
    """Return the fields of a job that is tried so often, with the first, at growing distances."""
    if not has_field("retry"):
        return {}
    policy = {"strategy": "exponential", "base_seconds": 1, "factor": 2, "cap_seconds": 300}
    return {"retry": {"max_retries": max_attempts - 1, **policy}}


def _work(payload: object) -> tuple[Any, Any]:
    """Return the type of job and its config; what is no object is judged as a config."""
    if isinstance(payload, str):
        try:
            payload = json_text.read(payload)
        except json_text.UnreadableError:
            return DEFAULT_TYPE, payload
    if not isinstance(payload, dict):
        return DEFAULT_TYPE, payload
    rest = {name: value for name, value in payload.items() if name != "type"}
    kind = payload.get("type") or DEFAULT_TYPE
    return (kind if isinstance(kind, str) else str(kind)), rest


def _name(kind: str, config: object) -> str:
    """Return a name that people recognise the work by."""
    prompt = config.get("prompt") if isinstance(config, dict) else None
    lines = prompt.strip().splitlines() if isinstance(prompt, str) else []
    try:
        return clean_name(lines[0][:80] if lines else f"{kind} from a queue"[:255])
    except ValueError:
        return "work from a queue"


def _in_payload(fault: Fault) -> Fault:
    """Name the place of a fault as the caller knows it."""
    head, dot, rest = fault.field.partition(".")
    if head == "config":
        return replace(fault, field=f"payload{dot}{rest}")
    return replace(fault, field="payload.type") if head == "type" else fault
