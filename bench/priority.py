"""A job of the highest priority beside many that wait (P-10) or fall due at once (P-11)."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from app.gateways import broker
from bench import fill, marks, rival_app
from bench.figures import Bench, with_rival
from bench.fill import Load
from bench.product import Product
from bench.rival import Rival, at
from bench.stage import Stage, say, until
from bench.table import Row, percentile

_MILLISECONDS = 2
_NAP = json.dumps({"milliseconds": _MILLISECONDS})
_LOW, _LOWEST_REDIS = 1, 9
_LONGEST = 300.0


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures that are wanted, on one database."""
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start()
        if bench.wants("P-10"):
            yield from _beside_waiting(bench, stage, product)
        if bench.wants("P-11"):
            yield _beside_due(bench, stage, product)


def _beside_waiting(bench: Bench, stage: Stage, product: Product) -> Iterator[Row]:
    count, probes = bench.size(10_000, 2_000), bench.size(100, 15)
    theirs: list[float] = []
    ours: list[float] = []

    def rival_round(rival: Rival) -> float:
        rival.pause()
        for _ in range(count):
            rival_app.nap.apply_async((_MILLISECONDS,), priority=_LOWEST_REDIS)
        rival.resume()
        theirs.extend(_probe(rival.marks, probes, _rival_probe(rival.marks)))
        return 0.0

    with_rival(stage, rival_round, RIVAL_PREFETCH="1")
    for _ in range(bench.size(3, 1)):
        ours += _our_round(product, stage.folder / "marks", count, probes)
    with_rival(stage, rival_round, RIVAL_PREFETCH="1")
    for percent, floor, goal in ((50, 10, 5), (99, 30, 15)):
        mine, other = (percentile(values, percent) * 1000 for values in (ours, theirs))
        what = f"top priority beside {count:,} waiting, p{percent}"
        yield Row("P-10", what, bench.database, mine, "ms", floor, goal, other)


def _our_round(product: Product, path: Path, count: int, probes: int) -> list[float]:
    product.pause()
    rings = fill.insert(Load(count, config=_NAP, priority=_LOW))
    broker.ring(rings[:2], {})
    product.resume()
    time.sleep(0.3)
    found = _probe(path, probes, _our_probe(path))
    assert fill.unfinished(), "the waiting jobs were over before the last probe"
    until(lambda: not fill.unfinished(), _LONGEST, "all jobs end", 0.2)
    return found


def _beside_due(bench: Bench, stage: Stage, product: Product) -> Row:
    count, probes = bench.size(6_000, 1_000), bench.size(20, 8)
    theirs: list[float] = []
    ours: list[float] = []

    def rival_round(rival: Rival) -> float:
        due = time.time() + max(count / 1500, 2)
        for index in range(count):
            eta = at(due + index / count)
            rival_app.nap.apply_async((_MILLISECONDS,), priority=_LOWEST_REDIS, eta=eta)
        time.sleep(max(0.0, due + 0.2 - time.time()))
        theirs.extend(_probe(rival.marks, probes, _rival_probe(rival.marks)))
        return 0.0

    with_rival(stage, rival_round, RIVAL_PREFETCH="1")
    for _ in range(bench.size(3, 1)):
        ours += _our_burst(stage.folder / "marks", count, probes)
    with_rival(stage, rival_round, RIVAL_PREFETCH="1")
    mine, other = (percentile(values, 99) * 1000 for values in (ours, theirs))
    what = f"top priority while {count:,} fall due, p99"
    return Row("P-11", what, bench.database, mine, "ms", 50, 20, other)


def _our_burst(path: Path, count: int, probes: int) -> list[float]:
    first = fill.moment_at(12)
    step = timedelta(seconds=1) / count
    fill.insert(Load(count, config=_NAP, priority=_LOW, first=first, step=step))
    wait = first.timestamp() + 0.2 - time.time()
    assert wait > 0, "inserting took too long"
    time.sleep(wait)
    found = _probe(path, probes, _our_probe(path))
    until(lambda: not fill.unfinished(), _LONGEST, "all jobs end", 0.2)
    return found


def _our_probe(path: Path) -> Callable[[str], float]:
    config = json.dumps({"marks": str(path)})
    return lambda name: fill.start_one(name, config)


def _rival_probe(path: Path) -> Callable[[str], float]:
    def send(name: str) -> float:
        moment = time.time()
        rival_app.mark.apply_async((str(path), name), priority=0)
        return moment

    return send


def _probe(path: Path, count: int, send: Callable[[str], float]) -> list[float]:
    """Start top-priority jobs, one each 40 ms; return the seconds each took to start."""
    sent = {}
    for _ in range(count):
        name = f"probe-{time.monotonic_ns()}"
        sent[name] = send(name)
        time.sleep(0.04)
    until(lambda: set(sent) <= set(marks.read(path)), _LONGEST, "all probes", 0.1)
    started = marks.read(path)
    found = [started[name][0] - moment for name, moment in sent.items()]
    say("  " + " ".join(f"{x * 1000:.0f}" for x in sorted(found)[-10:]) + " ms at most")
    return found
