"""How the product on a data folder is: its process, its health, its work."""

import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from app import db
from app.cli import asking, folder_lock
from app.domain import execution_state as state
from app.services import statistics
from app.settings import Settings


def look(settings: Settings) -> dict[str, Any]:
    """Return what there is to say; ``running`` and ``well`` are the verdict."""
    report: dict[str, Any] = {"running": folder_lock.is_held(settings.folder), "well": False}
    report["data_dir"] = str(settings.folder)
    if not report["running"]:
        return report
    main = folder_lock.main_process(settings.folder)
    if main is None:
        return report | {"problems": ["its main process is gone; what it left is ending"]}
    address = folder_lock.address_in(settings.folder) or asking.address(settings)
    health = _health(settings, address)
    return report | {
        "well": health.get("status") == "ok",
        "pid": main.pid,
        "uptime_seconds": round(_uptime(main.create_time()), 1),
        "address": address,
        "version": health.get("version"),
        "health": health.get("status", "no answer"),
        "problems": _problems(health),
        "jobs": _jobs(settings),
        "log_file": str(settings.log_file) if settings.log_file.exists() else None,
    }


def _uptime(began: float) -> float:
    return max(time.clock_gettime(time.CLOCK_REALTIME) - began, 0.0)


def _health(settings: Settings, address: str) -> dict[str, Any]:
    """Ask where the product listens, which other settings than ours may have decided."""
    there = urlsplit(address)
    where = {"host": there.hostname or settings.host, "port": there.port or settings.port}
    with suppress(OSError, HTTPException, ValueError):
        return asking.ask(settings.model_copy(update=where), "/health")
    return {}


def _problems(health: dict[str, Any]) -> list[str]:
    if not health:
        return ["the API does not answer"]
    return [p["problem"] for p in health.values() if isinstance(p, dict) and "problem" in p]


def _jobs(settings: Settings) -> dict[str, int] | None:
    """Count in the database itself: that works also while the API does not answer."""
    try:
        db.configure(settings.database)
        with db.reading() as session:
            counts = statistics.by_status(session, "executions")
    except SQLAlchemyError:
        return None
    return {
        "running": sum(counts[status] for status in state.STARTED),
        "queued": counts[state.QUEUED],
        "scheduled": counts[state.SCHEDULED],
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield a report as lines for people."""
    if not report["running"]:
        yield f"OneOff is not running on {report['data_dir']}"
        return
    verdict = "is running and well" if report["well"] else "is running, but not well"
    yield f"OneOff {report.get('version') or ''}".rstrip() + f" {verdict}"
    for problem in report.get("problems", ()):
        yield f"  problem  {problem}"
    if "pid" not in report:
        return
    yield f"  process  {report['pid']}, for {duration(report['uptime_seconds'])}"
    yield f"  address  {report['address']}"
    yield f"  health   {report['health']}"
    if report["jobs"]:
        yield "  jobs     " + ", ".join(f"{n} {status}" for status, n in report["jobs"].items())
    yield f"  data     {report['data_dir']}"
    if report["log_file"]:
        yield f"  log      {report['log_file']}"


def duration(seconds: float) -> str:
    """Return a span of time in its two largest units."""
    left = int(seconds)
    parts: list[str] = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2])
