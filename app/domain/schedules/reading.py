"""Reading schedules that strangers wrote, and writing them down."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from app.domain import clock
from app.domain.errors import Fault, Invalid, shorten
from app.domain.schedules.blackouts import DATES, WEEKLY
from app.domain.schedules.models import (
    Calendar,
    Cron,
    FixedDelay,
    FixedRate,
    Manual,
    Once,
    Schedule,
)
from app.domain.schedules.zones import zone_names

KINDS: Final[dict[str, type[Schedule]]] = {
    "once": Once,
    "cron": Cron,
    "fixed_rate": FixedRate,
    "fixed_delay": FixedDelay,
    "calendar": Calendar,
    "manual": Manual,
}
#: Words of other systems.
_ALIASES: Final = {"one_time": "once", "onetime": "once"}


def read(
    value: Mapping[str, object], default_zone: str = "UTC", now: datetime | None = None
) -> Schedule:
    """Return the schedule that an object describes.

    ``now`` is what moments such as "in 2h" count from. Raises :class:`Invalid` with all faults,
    whose fields are such as ``schedule.expression``.
    """
    if not isinstance(value, Mapping):
        raise Invalid([Fault("schedule", "must be an object with a type", shorten(value))])
    given: dict[str, Any] = dict(value)
    kind = given.get("type")
    kind = _ALIASES.get(kind, kind) if isinstance(kind, str) else kind
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid([_no_kind(given)])
    zone = default_zone if given.get("timezone") is None else given["timezone"]
    given |= {"type": kind, "timezone": zone}
    is_known = isinstance(zone, str) and zone in zone_names()
    context = {"now": now or clock.now(), "zone": zone if is_known else "UTC"}
    try:
        return KINDS[kind].model_validate(given, context=context)
    except ValidationError as error:
        raise Invalid(
            [_fault(item) for item in error.errors(include_url=False, include_context=False)]
        ) from None


def to_json(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as it is stored and shown: what was given, in one form."""
    return schedule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def _no_kind(given: dict[str, Any]) -> Fault:
    if "type" not in given:
        return Fault("schedule.type", f"missing required field; allowed: {', '.join(KINDS)}")
    message = f"there is no such type of schedule; allowed: {', '.join(KINDS)}"
    return Fault("schedule.type", message, shorten(given["type"]))


def _fault(item: Any) -> Fault:
    """Return what pydantic found wrong, in our words."""
    steps = (str(step) for step in item["loc"] if step not in (DATES, WEEKLY))
    path = ".".join(["schedule", *steps])
    if item["type"] == "missing":
        return Fault(path, "missing required field")
    if item["type"] == "extra_forbidden":
        return Fault(path, "unknown field", shorten(item["input"]))
    message = str(item["msg"]).removeprefix("Value error, ")
    return Fault(path, message, shorten(item["input"]) if item["loc"] else None)
