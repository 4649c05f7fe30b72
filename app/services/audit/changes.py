"""What changed in an object: its columns before and after, without what must stay secret."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.orm.attributes import History

from app.domain.specs import SPECS, Spec
from app.models import (
    ApiKey,
    Base,
    Chain,
    ChainRun,
    Execution,
    Job,
    Pause,
    Project,
    Queue,
    Role,
    SystemConfig,
    Tag,
    User,
    Webhook,
    Worker,
)

HIDDEN: Final = "***"
#: A value is shown up to so many characters.
MOST_VALUE: Final = 300
#: What each audited kind of object is called. Others leave nothing but the request itself.
KINDS: Final[dict[type[Base], str]] = {
    ApiKey: "api_key",
    Chain: "chain",
    ChainRun: "chain_run",
    Execution: "execution",
    Job: "job",
    Pause: "pause",
    Project: "project",
    Queue: "queue",
    Role: "role",
    SystemConfig: "config",
    Tag: "tag",
    User: "user",
    Webhook: "webhook",
    Worker: "worker",
}
#: Kinds by the name of their table: a model that comes later is audited too.
_BY_TABLE: Final = {
    "variables": "variable",
    "user_sessions": "session",
    "templates": "template",
}
#: Never shown, in whichever table: only that it changed.
_SECRET: Final = re.compile(
    r"secret|password|passwd|passphrase|token|credential|private|cipher|encrypted|_hash$|_key$|_check$"
)
#: Names that look secret and are not.
_OPEN: Final = frozenset(
    {"concurrency_key", "exclusive_key", "must_change_password", "host_key", "secret_id"}
)
#: Not worth telling: they follow from the others, or belong to the clockwork.
_DULL: Final = frozenset(
    {
        *("id", "created_at", "updated_at", "last_number", "last_used_at", "version"),
        *("next_due_at", "fires", "anchor_at", "fired_until", "off_since", "generation"),
    }
)
#: Of executions only these are told; what they were given and printed is nobody's business here.
_OF_EXECUTIONS: Final = frozenset(
    {"status", "reason", "discarded_at", "replay_of", "replayed_by", "run_at", "output_purged_at"}
)


def kind_of(instance: Any) -> str | None:
    """Return what an object is called in the audit log; ``None`` if it is not audited."""
    known = KINDS.get(type(instance))
    return known or _BY_TABLE.get(str(getattr(instance, "__tablename__", "")))


def identity(instance: Any) -> str:
    """Return the id of an object: of what has a name for a key, the name."""
    return "/".join(
        str(part) for part in sa.inspect(type(instance)).primary_key_from_instance(instance)
    )


def name_of(instance: Any) -> str | None:
    """Return the name by which people know an object."""
    for name in ("name", "username", "key"):
        value = getattr(instance, name, None)
        if isinstance(value, str):
            return value
    return None


def project_of(instance: Any) -> str | None:
    """Return the project an object belongs to, if it belongs to one."""
    value = getattr(instance, "project_id", None)
    return value if isinstance(value, str) else None


def told(instance: Any, kind: str, what: str) -> dict[str, Any] | None:
    """Return what happened to an object (``created``, ``changed``, ``deleted``).

    ``values`` holds ``[before, after]`` for each column. ``None`` if nothing worth telling did.
    """
    values = {} if what == "deleted" else _values(instance, is_new=what == "created")
    if what == "changed" and not values:
        return None
    found = {"kind": kind, "id": identity(instance), "name": name_of(instance), "what": what}
    return found | ({"values": values} if values else {})


def _values(instance: Any, *, is_new: bool) -> dict[str, list[Any]]:
    state = sa.inspect(instance)
    found = {}
    for attribute in state.mapper.column_attrs:
        name = attribute.key
        if name in _DULL or (isinstance(instance, Execution) and name not in _OF_EXECUTIONS):
            continue
        pair = _pair(state.attrs[name].history, is_new=is_new)
        if pair is not None:
            found[name] = [shown(instance, name, value) for value in pair]
    return found


def _pair(history: History, *, is_new: bool) -> tuple[Any, Any] | None:
    """Return a value before and after; ``None`` if it is the same."""
    if not history.added:
        return None
    before = None if is_new or not history.deleted else history.deleted[0]
    after = history.added[0]
    return None if before == after else (before, after)


def shown(instance: Any, name: str, value: Any) -> Any:
    """Return a column's value as the log may hold it."""
    if name == "value" and _is_sensitive(instance):
        return None if value is None else HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if is_secret(name):
        return HIDDEN
    if isinstance(instance, Job) and name == "config":
        return _config(instance.type, value)
    return _plain_value(name, value)


def _plain_value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value if hasattr(value, "astimezone") else HIDDEN
    if name.endswith("url"):
        return _address(value)
    return value if len(value) <= MOST_VALUE else f"{value[:MOST_VALUE]}…"


def is_secret(name: str) -> bool:
    """Return whether what is called so may hold a secret."""
    return name not in _OPEN and _SECRET.search(name.lower()) is not None


def _is_sensitive(instance: Any) -> bool:
    """Return whether an object says of itself that its value is secret, or its name does."""
    says_so = any(getattr(instance, n, False) for n in ("is_sensitive", "sensitive", "is_secret"))
    return says_so or is_secret(str(getattr(instance, "key", "")))


def _config(kind: str, text: str) -> Any:
    """Return a job's config with all its names, and the values that are public."""
    try:
        given = orjson.loads(text)
        return SPECS.get(kind, Spec).shown(given)
    except (orjson.JSONDecodeError, AttributeError):
        return HIDDEN


def _address(text: str) -> str:
    """Return where an address leads, without what may be a secret in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return HIDDEN
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{HIDDEN}"
