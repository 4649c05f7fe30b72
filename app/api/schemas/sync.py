"""Lists of definitions on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import Schema
from app.api.schemas.jobs import NewJob
from app.domain.foreign_jobs import translated
from app.services.jobs import MAX_BULK
from app.services.jobs.drafts import Draft
from app.services.jobs.sync import Wish
from app.services.jobs.tries import SOURCE

_NAMES = frozenset({"jobs", "source", "prune", "dry_run"})
_LONGEST_SOURCE = 500


class Register(NewJob):
    """One job to be made, in our words or in those of a backend with trigger endpoints."""

    def load(self, data: Any, **_: Any) -> Draft:
        """Return the draft."""
        return super().load(translated(data))


class Sync(Schema):
    """Definitions that jobs shall be kept as, up to 10,000 in a call."""

    max_body_bytes = 64 * 1024**2

    jobs = ma.fields.List(ma.fields.Nested(NewJob), required=True)
    source = ma.fields.String(required=True, metadata={"description": "Where the list comes from"})
    prune = ma.fields.Boolean(metadata={"description": "Delete jobs that are no longer listed"})
    dry_run = ma.fields.Boolean(metadata={"description": "Only say what would be done"})

    def load(self, data: Any, **_: Any) -> Wish:
        """Return the wish, with a draft for each item; a faulty item spoils no other."""
        faults = _faults(data)
        if faults:
            raise ma.ValidationError(faults)
        schema = Register()
        return Wish(
            [schema.load(item) for item in data["jobs"]],
            data["source"],
            data.get("prune", False),
            data.get("dry_run", False),
        )


def _faults(data: Any) -> dict[str, list[str]]:
    if not isinstance(data, dict):
        return {"": ["must be a JSON object"]}
    faults = {name: ["unknown field"] for name in sorted(data.keys() - _NAMES)}
    jobs, source = data.get("jobs"), data.get("source")
    if not isinstance(jobs, list) or len(jobs) > MAX_BULK:
        faults["jobs"] = [f"must be a list of at most {MAX_BULK} jobs"]
    if not isinstance(source, str) or not 1 <= len(source) <= _LONGEST_SOURCE:
        faults["source"] = [f"must be a text of 1 to {_LONGEST_SOURCE} characters"]
    elif source == SOURCE:
        faults["source"] = ["is a name of the system; choose another"]
    for name in ("prune", "dry_run"):
        if not isinstance(data.get(name, False), bool):
            faults[name] = ["must be true or false"]
    return faults


class SyncedItem(Schema):
    """What became of one definition."""

    external_id = ma.fields.String(allow_none=True)
    name = ma.fields.String(allow_none=True)
    job_id = ma.fields.String(allow_none=True)
    outcome = ma.fields.String(
        metadata={"enum": ["created", "updated", "unchanged", "refused", "deleted"]}
    )
    fields_ = ma.fields.List(
        ma.fields.String(), data_key="fields", metadata={"description": "What was changed"}
    )
    error = ma.fields.String()
    details = ma.fields.Raw(allow_none=True)


class SyncOut(Schema):
    """What became of all of them."""

    dry_run = ma.fields.Boolean()
    created = ma.fields.Integer()
    updated = ma.fields.Integer()
    unchanged = ma.fields.Integer()
    refused = ma.fields.Integer()
    deleted = ma.fields.Integer()
    items = ma.fields.List(ma.fields.Nested(SyncedItem))
