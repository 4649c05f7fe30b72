"""Judging what somebody wants a job to be: all faults at once, and the values to store."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Fault, shorten
from app.domain.retry import read_policy
from app.domain.specs import SPECS, filling
from app.domain.texts import json_text
from app.gateways.broker import RESERVED
from app.models import Job, Project, Tag
from app.services import system
from app.services.access import owners, sight
from app.services.jobs import timing
from app.services.jobs.faults import Faults
from app.settings import Settings

#: Names that jobs may not give to run queues.
RESERVED_QUEUES = frozenset(RESERVED)
#: In a config these are as if absent when they are empty.
_EMPTY_IS_ABSENT = ("args", "env", "workdir", "body", "headers")


@dataclass(frozen=True, slots=True)
class Draft:
    """A wish for a job: values of the right types, and what was wrong with the others."""

    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()


class Known:
    """What drafts refer to, looked up once for all drafts of a call."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        self.moment = now()
        self._defaults: dict[str, Any] | None = None
        self._projects: dict[str, bool] = {}
        self._tags: dict[str, Tag | None] = {}

    @property
    def defaults(self) -> dict[str, Any]:
        """The run-time values that drafts without their own take."""
        # No cached_property: in Python 3.11 all threads wait in turn for its one lock.
        if self._defaults is None:
            self._defaults = system.job_defaults(self.session, self.settings)
        return self._defaults

    def has_project(self, project_id: str) -> bool:
        """Return whether there is such a project."""
        if project_id not in self._projects:
            query = sa.select(Project.id).where(Project.id == project_id)
            self._projects[project_id] = self.session.scalar(query) is not None
        return self._projects[project_id]

    def tags(self, ids: Iterable[str]) -> dict[str, Tag | None]:
        """Return the tags with these ids; ``None`` for one that does not exist."""
        wanted = list(dict.fromkeys(ids))
        new = [tag_id for tag_id in wanted if tag_id not in self._tags]
        if new:
            found = {t.id: t for t in self.session.scalars(sa.select(Tag).where(Tag.id.in_(new)))}
            self._tags |= {tag_id: found.get(tag_id) for tag_id in new}
        return {tag_id: self._tags[tag_id] for tag_id in wanted}


def vet_new(draft: Draft, known: Known) -> dict[str, Any]:
    """Return the values of a new job, all of them. Raises :class:`Invalid` with all faults."""
    values, faults = dict(draft.values), Faults(list(draft.faults))
    _vet_config(values, values.get("type"), known, faults)
    _vet_retry(values, faults)
    if sight.limited() is not None:
        values.setdefault("project_id", sight.home_project())
    timing.vet_new(values, known.moment, known.defaults["default_timezone"], faults)
    _vet_references(values, known, faults)
    faults.raise_any()
    values["priority"] = values.get("priority") or known.defaults["default_priority"]
    return _NEW | values


#: What a job is unless its draft says otherwise.
_NEW: dict[str, Any] = {
    "project_id": "default",
    "description": None,
    "enabled": True,
    "queue": "default",
    "timeout_seconds": None,
    "on_lost": "fail",
    "overlap": "skip",
    "retry": None,
    "raw_priority": None,
    "concurrency_key": None,
    "concurrency_limit": 1,
    "external_id": None,
    "keep_last": None,
    "retention_days": None,
    "notify_emails": None,
    "notify_on": "failure",
    "tag_ids": [],
    "schedule": None,
    "misfire": "latest",
    "misfire_limit": 100,
    "misfire_grace_seconds": 60,
    "auto_start": True,
}


def has_field(name: str) -> bool:
    """Return whether jobs have a field of this name."""
    return name in _NEW


def vet_edit(draft: Draft, present: Job, known: Known) -> dict[str, Any]:
    """Return the values that an edit of a job sets. Raises :class:`Invalid` with all faults."""
    values, faults = dict(draft.values), Faults(list(draft.faults))
    kind = present.type
    given_kind = values.pop("type", kind)
    if given_kind != kind:
        faults.add("type", "the type of a job can't be changed", given_kind)
    if "config" in values:
        _vet_config(values, kind, known, faults)
    _vet_retry(values, faults)
    timing.vet_edit(values, present, known.moment, faults)
    _vet_references(values, known, faults)
    faults.raise_any()
    if "priority" in values:
        values["priority"] = values["priority"] or known.defaults["default_priority"]
    return values


def _vet_config(values: dict[str, Any], kind: str | None, known: Known, faults: Faults) -> None:
    """Replace the config by its cleaned object, judged by the spec of its kind."""
    spec = SPECS.get(kind or "")
    if kind is not None and spec is None:
        kinds = ", ".join(sorted(SPECS))
        faults.add("type", f"job type not found; there are: {kinds}", kind)
    given = _read_config(values.get("config"), faults)
    if given is None or spec is None:
        return
    empty: tuple[object, ...] = ("", [], {}, None)
    values["config"] = {
        name: part
        for name, part in given.items()
        if name not in _EMPTY_IS_ABSENT or part not in empty
    }
    try:
        refusal = spec.model_validate(values["config"]).refusal(known.settings.rules)
    except ValidationError as error:  # what only its variables will tell is judged with them
        faults.found += model_faults(error, "config", lambda item: filling.is_settled(spec, item))
        return
    if refusal is not None:
        faults.add(f"config.{refusal[0]}", refusal[1])


def model_faults(
    error: ValidationError,
    root: str,
    counts: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> list[Fault]:
    """Return those faults of an object that count, in our words; paths are as ``config.url``."""
    found = []
    for item in filter(counts, error.errors(include_url=False, include_context=False)):
        path = ".".join([root, *(str(step) for step in item["loc"])])
        if item["type"] == "missing":
            found.append(Fault(path, "missing required field"))
            continue
        message = str(item["msg"]).removeprefix("Value error, ")
        found.append(Fault(path, message, shorten(item["input"]) if item["loc"] else None))
    return found


def _vet_retry(values: dict[str, Any], faults: Faults) -> None:
    """Replace the wished retry policy by the JSON text of all that it stands for, or ``None``."""
    if values.get("retry") is None:
        return
    try:
        policy = read_policy(values["retry"])
    except ValidationError as error:
        faults.found += model_faults(error, "retry")
        return
    values["retry"] = None if policy is None else json.dumps(policy.stored())


def _read_config(given: object, faults: Faults) -> dict[str, Any] | None:
    if given is None or faults.touch("config"):
        return None
    if isinstance(given, str):
        try:
            value = json_text.read(given)
        except json_text.UnreadableError as error:
            faults.add("config", str(error))
            return None
        if json_text.may_hold_bad_characters(given):
            faults.found += json_text.character_faults(value, "config")
    else:
        value = given
    if not isinstance(value, dict):
        faults.add("config", "must be a JSON object", given)
        return None
    return None if faults.touch("config") else value


def _vet_references(values: dict[str, Any], known: Known, faults: Faults) -> None:
    owner = values.get("created_by")
    if owner is not None and (fault := owners.fault_of(known.session, owner)):
        faults.add("created_by", fault, owner)
    project = values.get("project_id")
    if project is not None and not known.has_project(project):
        faults.add("project_id", "there is no such project", project)
    for tag_id, tag in known.tags(values.get("tag_ids") or ()).items():
        if tag is None:
            faults.add("tag_ids", "there is no such tag", tag_id)
