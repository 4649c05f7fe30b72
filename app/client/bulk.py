"""Doing the same to all that filters let through, some at a time."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from app.client.connection import Connection, new_key
from app.client.things import Thing
from app.domain.clock import to_wire

#: A call begins nothing more after two seconds, but what it has begun may take its time.
_PATIENCE_SECONDS = 60


class BulkTrial(Thing):
    """What an act would come to: how many there are, and which of the oldest can't take part."""

    matched: int
    checked: int
    refused: int
    refusals: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    created_before: datetime


class BulkStep(Thing):
    """What became of some; ``results`` says for each of them: done, refused or skipped."""

    done: int
    refused: int
    skipped: int
    results: list[dict[str, Any]] = []
    next_cursor: str | None = None
    created_before: datetime


def try_all(
    connection: Connection, path: str, filters: Mapping[str, Any], given: Mapping[str, Any]
) -> BulkTrial:
    """Return what an act would come to."""
    body = {**given, "filter": _given(filters), "dry_run": True}
    return BulkTrial.read(connection.post(path, body, patience=_PATIENCE_SECONDS)["data"])


def do_all(
    connection: Connection, path: str, filters: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[BulkStep]:
    """Yield what each call did, until nothing is left. Nothing goes on unless more is asked for."""
    body = {**given, "filter": _given(filters)}
    if isinstance(body.get("created_before"), datetime):
        body["created_before"] = to_wire(body["created_before"])
    while True:
        answer = connection.post(path, body, key=new_key(), patience=_PATIENCE_SECONDS)
        step = BulkStep.read(answer["data"])
        yield step
        if step.next_cursor is None:
            return
        bound = to_wire(step.created_before)
        body |= {"cursor": step.next_cursor, "created_before": bound}


def _given(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value not in (None, (), [])}
