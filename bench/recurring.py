"""With 100,000 recurring jobs: P-23, what a tick costs and how many may fire at once."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app import db
from app.models import Job
from app.services import jobs
from app.services.jobs.drafts import Draft
from app.services.schedules import firing
from bench import fill, marks
from bench.figures import Bench
from bench.product import ALL, Product
from bench.stage import Stage, say, until
from bench.table import Row, median, percentile

_CHUNK = 5_000
_MIB = 1024 * 1024
_SETTLE_SECONDS = 6.0
_HORIZON = 10.0
_TICKS = 300


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures on one database."""
    count = bench.size(100_000, 10_000)
    with Stage() as stage:
        product = Product(stage, bench.database)
        empty = _memory(product)
        _insert(product, count)
        note = f"{count:,} recurring jobs"
        yield _row(bench, "idle tick, p99", _idle_tick(), "ms", (20, 5), note)
        yield _row(bench, "memory they add", _memory(product) - empty, "MiB", (50, 15), note)
        restarts = [_restart(product) for _ in range(3)]
        yield _row(bench, "first fire after a restart", median(restarts), "s", (5, 1), note)
        yield _fires(bench, bench.size(10_000, 3_000))


def _row(
    bench: Bench, what: str, ours: float, unit: str, limits: tuple[float, float], note: str
) -> Row:
    return Row("P-23", what, bench.database, ours, unit, *limits, note=note)


def _insert(product: Product, count: int, **schedule: Any) -> None:
    wished = {"type": "fixed_rate", "interval_seconds": 86_400} | schedule
    began = time.monotonic()
    for start in range(0, count, _CHUNK):
        drafts = [
            _draft(f"recurring-{n}", wished) for n in range(start, min(start + _CHUNK, count))
        ]
        with db.transaction() as session:
            jobs.create_many(session, drafts, "bench", product.settings)
    say(f"  {count:,} recurring jobs made in {time.monotonic() - began:.0f} s")


def _draft(name: str, schedule: dict[str, Any], script: str = "true") -> Draft:
    config = {"script": script}
    return Draft({"name": name, "type": "shell", "config": config, "schedule": schedule})


def _memory(product: Product) -> float:
    product.start()
    time.sleep(_SETTLE_SECONDS)
    used = product.memory() / _MIB
    product.stop()
    return used


def _idle_tick() -> float:
    """Return how long beat looks for what is due when nothing is, in ms."""
    took = []
    for _ in range(_TICKS):
        began = time.perf_counter()
        with db.transaction() as session:
            assert firing.fire_due(session, _HORIZON) == 0
        took.append((time.perf_counter() - began) * 1000)
    return percentile(took, 99)


def _restart(product: Product) -> float:
    """Return how long after the start of the processes a job starts that is due at once."""
    path = product.stage.folder / "recurring.marks"
    name = f"first-{time.monotonic_ns()}"
    wished = {"type": "fixed_rate", "interval_seconds": 86_400}
    draft = _draft(name, wished, f'echo {name} "$(date +%s.%N)" >> {path}')
    with db.transaction() as session:
        job = jobs.create(session, draft, "bench", product.settings)
        _due(session, [job["id"]], fill.moment_at(-1))
    began = time.time()
    product.process = product.spawn(*ALL)
    until(lambda: name in marks.read(path), 60, "the first fire", 0.01)
    seconds = marks.read(path)[name][0] - began
    product.stop()
    return seconds


def _due(session: Any, ids: list[str], moment: datetime) -> None:
    change = sa.update(Job).where(Job.id.in_(ids))
    session.execute(change.values(next_due_at=moment, anchor_at=moment))


def _fires(bench: Bench, count: int) -> Row:
    """How many schedules are fired in a second, all due at once: rows made, by one beat."""
    with db.transaction() as session:
        ids = list(session.scalars(sa.select(Job.id).where(Job.schedule.is_not(None)).limit(count)))
        for start in range(0, count, 500):
            _due(session, ids[start : start + 500], fill.moment_at(0) + timedelta(seconds=5))
    began, fired = time.perf_counter(), 0
    while fired < count:
        with db.transaction() as session:
            fired += firing.fire_due(session, _HORIZON)
    seconds = (time.perf_counter() - began) * 1000 / fired
    return _row(bench, "1,000 schedules fired by one beat", seconds, "s", (1, 0.2), f"of {count:,}")
