"""Writing the audit log: rows are added in the unit of work of what they tell of."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from app.domain.clock import now, to_wire
from app.domain.ids import new_id
from app.models import AuditEntry
from app.services.driver.inserts import Insert

DONE: Final = "done"
DENIED: Final = "denied"
FAILED: Final = "failed"
#: So much is kept of what changed (characters of JSON), and of a name.
MOST_DETAIL: Final = 16 * 1024
MOST_NAME: Final = 300
_INSERT: Final = Insert(AuditEntry.__table__)
#: What could end a line, move a terminal's cursor or turn the direction of a text around.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_UNSAFE_JSON: Final = re.compile(
    r"\\[nrtbf]|\\u00[01]|[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something, from where; the same for all rows of one request or command."""

    actor: str
    user_id: str | None = None
    key_id: str | None = None
    address: str | None = None
    trace_id: str | None = None
    #: By which way it came: ``page``, ``api`` or ``import``.
    via: str | None = None


_current: ContextVar[Deed | None] = ContextVar("deed", default=None)
_NOBODY: Final = Deed("system")


@contextlib.contextmanager
def by(deed: Deed) -> Iterator[None]:
    """Have what is noted meanwhile be the deed of this one."""
    before = _current.set(deed)
    try:
        yield
    finally:
        _current.reset(before)


def via() -> str | None:
    """Return by which way what is done at present came in; ``None`` if nobody said."""
    deed = _current.get()
    return deed.via if deed else None


@contextlib.contextmanager
def through(way: str) -> Iterator[None]:
    """Have what is done meanwhile have come in by this way."""
    with by(replace(_current.get() or _NOBODY, via=way)):
        yield


def note(
    session: Session,
    action: str,
    target: tuple[str, str, str | None] | None = None,
    detail: Mapping[str, Any] | None = None,
    result: str = DONE,
    deed: Deed | None = None,
) -> None:
    """Add a row. ``target`` is kind, id and name; no secret may be in ``detail``."""
    kind, target_id, name = target or (None, None, None)
    add(
        session,
        deed or _current.get() or _NOBODY,
        {
            "action": action,
            "result": result,
            "target_kind": kind,
            "target_id": target_id,
            "target_name": name,
            "detail": detail,
        },
    )


def add(session: Session, deed: Deed, values: Mapping[str, Any]) -> None:
    """Insert a row at once; of ``values`` all that is left out is null."""
    row = {
        "id": new_id(),
        "at": now(),
        "actor": plain(deed.actor),
        "user_id": deed.user_id,
        "key_id": deed.key_id,
        "address": deed.address or None,
        "trace_id": deed.trace_id,
        **values,
    }
    for name in ("target_id", "target_name"):
        if row.get(name) is not None:
            row[name] = plain(row[name])[:MOST_NAME]
    row["detail"] = text_of(row.get("detail"))
    _INSERT.run(session, [row])


def plain(text: str) -> str:
    """Return a text in which nothing acts on a terminal or a line: such characters as escapes."""
    return _UNSAFE.sub(_escaped, text)


def text_of(detail: Mapping[str, Any] | None) -> str | None:
    """Return a detail as JSON that is safe to show anywhere, shortened if it is long."""
    if not detail:
        return None
    try:
        text = _dumped(detail)
        is_safe = _UNSAFE_JSON.search(text) is None
    except orjson.JSONEncodeError:  # half a character, or a number of more than 64 bits
        is_safe = False
    if not is_safe:
        text = _dumped(_made_plain(detail))
    return text if len(text) <= MOST_DETAIL else _shortened(text)


def _dumped(value: Any) -> str:
    option = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=_as_text, option=option).decode()


def _as_text(value: Any) -> str:
    return to_wire(value) if hasattr(value, "astimezone") else str(value)


def _made_plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(name)): _made_plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_made_plain(one) for one in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:  # no reader keeps it whole
        return str(value)
    return value


def _shortened(text: str) -> str:
    """Return what is too long as the beginning of its text; what is short in it stays whole."""
    whole: dict[str, Any] = orjson.loads(text)
    kept = {name: one for name, one in whole.items() if len(_dumped(one)) <= 1000}
    short = _dumped(kept | {"truncated": text[:1000]})
    return short if len(short) <= MOST_DETAIL else _dumped({"truncated": text[:1000]})


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
