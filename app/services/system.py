"""The values of system_config: shown, checked and changed at run time."""

import json
import time
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.clock import now
from app.domain.errors import Conflict, invalid
from app.domain.texts import json_text
from app.models import SystemConfig
from app.settings import RUNTIME_KEYS, Settings

#: So long a process takes what it has read for what holds.
_HELD_SECONDS = 1.0
#: What jobs take that name none of their own.
_DEFAULTS = ("default_priority", "default_timezone")
#: Asked when jobs are made: without the mapper.
_config: Any = SystemConfig.__table__
_STORED = sa.select(_config.c.key, _config.c.value).where(_config.c.key.in_(_DEFAULTS))
_known: tuple[float, dict[str, Any]] = (0.0, {})


def job_defaults(session: Session, settings: Settings) -> dict[str, Any]:
    """Return the values that jobs without their own take, as they were at most a second ago.

    What this process changes holds in it at once.
    """
    global _known  # noqa: PLW0603 - a cache of this process
    read_at, stored = _known
    if not read_at or time.monotonic() - read_at >= _HELD_SECONDS:
        rows = session.connection().execute(_STORED)
        stored = {key: json.loads(text) for key, text in rows}
        _known = (time.monotonic(), stored)
    return {
        key: getattr(settings, key) if key in settings.given or key not in stored else stored[key]
        for key in _DEFAULTS
    }


def forget() -> None:
    """Have this process ask anew what is stored."""
    global _known  # noqa: PLW0603
    _known = (0.0, {})


def list_config(session: Session, settings: Settings) -> list[dict[str, Any]]:
    """Return the values in force, sorted by key; ``locked`` are those that this start gives."""
    rows = {row.key: row for row in session.scalars(sa.select(SystemConfig))}
    return [_shown(key, rows.get(key), settings) for key in sorted(RUNTIME_KEYS)]


def _shown(key: str, row: SystemConfig | None, settings: Settings) -> dict[str, Any]:
    locked = key in settings.given
    return {
        "key": key,
        "value": json.dumps(getattr(settings, key)) if row is None or locked else row.value,
        "updated_at": row.updated_at if row else None,
        "locked": locked,
    }


def update_config(session: Session, settings: Settings, key: str, value: str) -> None:
    """Set one value, given as JSON text.

    Raises ``Invalid`` for an unknown key or a value it can't have, ``Conflict`` for one that
    this start fixes.
    """
    if key not in RUNTIME_KEYS:
        raise invalid("key", f"must be one of {', '.join(sorted(RUNTIME_KEYS))}", key)
    if key in settings.given:
        raise Conflict(
            f"{key} is fixed by {key.upper()} (or its flag) of this start; change it there"
        )
    text = json.dumps(_checked(key, value))
    row = session.get(SystemConfig, key)
    if row is None:
        session.add(SystemConfig(key=key, value=text, updated_at=now()))
    else:
        row.value, row.updated_at = text, now()
    after_commit(session, forget)


def _checked(key: str, value: str) -> Any:
    try:
        parsed = json_text.read(value)
    except ValueError:
        raise invalid("value", "is no JSON text; a text needs its quotes", value) from None
    default = Settings.model_fields[key].default
    if type(parsed) is not type(default):
        kind = "a text in quotes" if isinstance(default, str) else "a whole number"
        raise invalid("value", f"must be {kind} for {key}", value)
    try:
        return getattr(Settings.model_validate({key: parsed}), key)
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise invalid("value", message, value) from None
