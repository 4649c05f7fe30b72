"""How the product is: what each part answers, within seconds and without secrets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.gateways import broker
from app.gateways.probes import Finding, Probe
from app.services import engines, pauses, statistics
from app.services.engines import Engines
from app.settings import Settings
from app.version import VERSION

OK: Final = "ok"
DEGRADED: Final = "degraded"
DOWN: Final = "down"
#: A process whose clock is further off the database's says so.
LARGEST_SKEW_SECONDS: Final = 2.0
_DATABASE_LIMIT, _BROKER_LIMIT = 4.0, 3.0


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the database says of the system."""

    skew_seconds: float
    lanes: dict[str, tuple[int, int]]
    queues: dict[str, tuple[int, float]]
    docker: Engines = field(default_factory=Engines)
    pause: dict[str, Any] = field(default_factory=lambda: pauses.wire(None))


@dataclass
class Monitor:
    """The probes of one process; ``schema`` says why the schema is unusable, if it is."""

    settings: Settings
    schema: Callable[[], str]
    _database: Probe[Ledger] = field(init=False)
    _schema: Probe[str] = field(init=False)
    _broker: Probe[bool] = field(init=False)

    def __post_init__(self) -> None:
        self._database = Probe(_look, _DATABASE_LIMIT)
        self._schema = Probe(self.schema, _DATABASE_LIMIT)
        self._broker = Probe(broker.is_reachable, _BROKER_LIMIT)

    def report(self) -> dict[str, Any]:
        """Return the health of all parts and, as ``status``, of the whole."""
        self._schema.start()
        self._broker.start()
        return _report(self.settings, self._database.ask(), self._schema.ask(), self._broker.ask())


def is_up(report: dict[str, Any]) -> bool:
    """Return whether the product can serve requests."""
    return bool(report["status"] != DOWN)


#: Parts of a report that name things.
_NAMES: Final = frozenset({"version", "queues", "pause"})


def for_strangers(report: dict[str, Any]) -> dict[str, Any]:
    """Return what a report says to those who have shown no key: no release, no names."""
    return {name: part for name, part in report.items() if name not in _NAMES}


def readiness(report: dict[str, Any]) -> dict[str, Any]:
    """Return whether work can be accepted and handed on, with what stands in the way."""
    parts = {name: report[name]["status"] == OK for name in ("database", "schema", "broker")}
    return {"ready": all(parts.values()), **parts, "consuming": report["workers"]["consuming"] > 0}


def _look() -> Ledger:
    with db.reading() as session:
        before = now()
        present = session.scalars(sa.select(db.db_now())).one()
        skew = skew_seconds(before, present, now())
        lanes, queues = statistics.lanes(session), statistics.queues(session)
        pause = pauses.wire(pauses.system_pause(session))
        return Ledger(skew, lanes, queues, engines.known(session), pause)


def skew_seconds(before: datetime, present: datetime, after: datetime) -> float:
    """Return how far our clock is off one that said ``present`` between two looks at ours."""
    if before <= present <= after:
        return 0.0
    return ((before if present < before else after) - present).total_seconds()


def _report(
    settings: Settings, database: Finding[Any], schema: Finding[str], reached: Finding[bool]
) -> dict[str, Any]:
    ledger = database.value or Ledger(0.0, {}, {})
    parts: dict[str, dict[str, Any]] = {
        "database": _database_part(database, ledger),
        "schema": _schema_part(schema),
        "broker": _broker_part(settings, reached),
        "workers": _workers_part(ledger),
        "docker": _docker_part(ledger.docker),
        "pause": {"status": OK, **ledger.pause},
    }
    return {
        "status": _status_of(parts),
        "version": VERSION,
        **parts,
        "queues": [
            {"name": name, "depth": depth, "oldest_seconds": round(oldest, 3)}
            for name, (depth, oldest) in sorted(ledger.queues.items())
        ],
    }


def _status_of(parts: dict[str, dict[str, Any]]) -> str:
    if parts["database"]["status"] == DOWN:
        return DOWN
    return OK if all(part["status"] == OK for part in parts.values()) else DEGRADED


def _database_part(found: Finding[Any], ledger: Ledger) -> dict[str, Any]:
    part = {"status": OK, "kind": "sqlite" if db.is_sqlite() else "postgresql"}
    if found.fault:
        return part | {"status": DOWN, "problem": _away("database", found.fault)}
    skew = round(ledger.skew_seconds, 3)
    if abs(skew) <= LARGEST_SKEW_SECONDS:
        return part | {"clock_skew_seconds": skew}
    problem = f"the clock of this process is {skew} s off the database's"
    return part | {"status": DEGRADED, "clock_skew_seconds": skew, "problem": problem}


def _schema_part(found: Finding[str]) -> dict[str, Any]:
    problem = _away("database", found.fault) if found.fault else found.value
    return {"status": DOWN, "problem": problem} if problem else {"status": OK}


def _broker_part(settings: Settings, found: Finding[bool]) -> dict[str, Any]:
    kind = "redis" if broker.is_redis(settings.broker) else "amqp"
    part = {"status": OK, "kind": kind, "embedded": settings.embeds_broker}
    if found.value:
        return part
    return part | {"status": DOWN, "problem": _away("broker", found.fault or "refused")}


def _workers_part(ledger: Ledger) -> dict[str, Any]:
    lanes = {
        lane: {"up": up, "consuming": consuming} for lane, (up, consuming) in ledger.lanes.items()
    }
    idle = [lane for lane, (_, consuming) in ledger.lanes.items() if not consuming]
    run = ledger.lanes.get("run", (0, 0))
    part = {"status": OK, "consuming": run[1], "lanes": lanes}
    if not idle:
        return part
    return part | {"status": DEGRADED, "problem": f"nobody serves: {', '.join(idle)}"}


def _docker_part(found: Engines) -> dict[str, Any]:
    """Without an engine all is well as long as no docker job waits for one."""
    part: dict[str, Any] = {"status": OK, "needed": found.are_needed}
    if not found.looked:
        return part | {"engine": "unknown"}
    if found.reached:
        return part | {"engine": "up"}
    problem = "no worker reaches a Docker engine, so docker jobs fail"
    status = DEGRADED if found.are_needed else OK
    return part | {"status": status, "engine": "down", "problem": problem}


def _away(part: str, fault: str) -> str:
    return f"the {part} does not answer ({fault})"
