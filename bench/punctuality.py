"""With a million jobs planned: P-6 and P-7 lateness, P-8 memory, P-9 the first start.

Lateness is measured twice: of jobs that run once, and of recurring jobs that beat fires.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from bench import fill, marks, rival_app
from bench.figures import Bench, with_rival
from bench.fill import Load
from bench.product import ALL, Product
from bench.rival import Rival, at
from bench.stage import Stage, say, until
from bench.table import Row, median, percentile

_LONGEST = 300.0
_MIB = 1024 * 1024
_SETTLE_SECONDS = 6.0
#: Figure, jobs a second, floor, goal (ms).
_RATES = (("P-6", 500, 50.0, 15.0), ("P-7", 1000, 150.0, 50.0))


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures that are wanted, on one database."""
    held = _RivalHolds(bench) if bench.wants("P-8", "P-9") else None
    with Stage() as stage:
        product = Product(stage, bench.database)
        empty = _memory(product) if bench.wants("P-8") else 0.0
        count = bench.size(1_000_000, 50_000)
        began = time.monotonic()
        fill.fill_future(count)
        say(f"  {count:,} planned jobs inserted in {time.monotonic() - began:.0f} s")
        if held is not None and bench.wants("P-8"):
            yield held.memory_row(_memory(product) - empty)
        if held is not None and bench.wants("P-9"):
            yield held.restart_row(median([_first_start(product) for _ in range(3)]))
        if bench.wants("P-6", "P-7"):
            product.start()
            for figure, rate, floor, goal in _RATES:
                if bench.wants(figure):
                    yield from _lateness(bench, stage, figure, rate, (floor, goal))


def _memory(product: Product) -> float:
    """Return the memory of the running product a few seconds after its start, in MiB."""
    product.start()
    time.sleep(_SETTLE_SECONDS)
    used = product.memory() / _MIB
    product.stop()
    say(f"  all processes: {used:.0f} MiB")
    return used


def _first_start(product: Product) -> float:
    """Return how long after the start of its processes a job starts that was due before."""
    path = product.stage.folder / "restart.marks"
    name = f"first-{time.monotonic_ns()}"
    config = json.dumps({"marks": str(path)})
    fill.insert(Load(1, config=config, name=name, first=fill.moment_at(-3)))
    began = time.time()
    product.process = product.spawn(*ALL)
    until(lambda: f"{name}-0" in marks.read(path), 60, "the first job", 0.01)
    seconds = marks.read(path)[f"{name}-0"][0] - began
    until(lambda: not fill.unfinished(), 30, "its end")
    product.stop()
    say(f"  first start after {seconds:.2f} s")
    return seconds


def _lateness(
    bench: Bench, stage: Stage, figure: str, rate: int, limits: tuple[float, float]
) -> Iterator[Row]:
    count = bench.size(10_000, 1_500)
    theirs: list[float] = []
    ours: list[float] = []
    with_rival(stage, lambda rival: _rival_late(rival, theirs, count, rate))
    recurring = _ours_late(stage, count, rate, fill.insert_recurring)
    for _ in range(bench.size(2, 1)):
        ours += _ours_late(stage, count, rate, fill.insert)
    with_rival(stage, lambda rival: _rival_late(rival, theirs, count, rate))
    other = percentile(theirs, 99) * 1000
    for kind, values in (("", ours), ("recurring, ", recurring)):
        half = f"{kind}p50 {percentile(values, 50) * 1000:.0f}"
        what = f"late at {rate:,} due a second, p99 ({half})"
        mine = percentile(values, 99) * 1000
        yield Row(figure, what, bench.database, mine, "ms", *limits, other)


def _ours_late(
    stage: Stage, count: int, rate: int, insert: Callable[[Load], object]
) -> list[float]:
    path = stage.folder / f"late-{time.monotonic_ns()}.marks"
    config = json.dumps({"marks": str(path)})
    first, step = fill.moment_at(15), timedelta(seconds=1) / rate
    insert(Load(count, config=config, first=first, step=step))
    assert fill.wall_clock() < first.timestamp(), "inserting took too long"
    time.sleep(first.timestamp() + count / rate - fill.wall_clock())
    until(lambda: marks.count(path) >= count, _LONGEST, "all jobs start", 0.2)
    until(lambda: not fill.unfinished(), _LONGEST, "all jobs end", 0.2)
    found = []
    for name, started in marks.read(path).items():
        assert len(started) == 1, f"{name} ran {len(started)} times"
        due = first + step * int(name.rpartition("-")[2])
        due = due.replace(microsecond=due.microsecond // 1000 * 1000)
        found.append(started[0] - due.timestamp())
    _report("ours", found)
    assert min(found) >= 0, "a job started before its time"
    return found


def _rival_late(rival: Rival, found: list[float], count: int, rate: int) -> float:
    first = time.time() + count / 1200 + 2
    for index in range(count):
        moment = first + index / rate
        name = f"late-{moment:.6f}"
        rival_app.mark.apply_async((str(rival.marks), name), eta=at(moment))
    time.sleep(max(0.0, first + count / rate - time.time()))
    until(lambda: marks.count(rival.marks) > count, _LONGEST, "the rival ends", 0.2)
    started = marks.read(rival.marks)
    mine = [
        moments[0] - float(name[5:]) for name, moments in started.items() if name[:5] == "late-"
    ]
    _report("rival", mine)
    found += mine
    rival.marks.unlink()
    return 0.0


def _report(who: str, found: list[float]) -> None:
    shown = [f"p{p} {percentile(found, p) * 1000:.1f}" for p in (50, 95, 99, 100)]
    say(f"  {who} ms late: {', '.join(shown)}")


class _RivalHolds:
    """What it costs the rival to hold planned tasks, reckoned from fewer of them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.held = bench.size(20_000, 4_000)
        with Stage() as stage:
            rival = Rival(stage)
            rival.start()
            time.sleep(1)
            empty = rival.memory()
            rival.stop()
            for _ in range(self.held):
                rival_app.nap.apply_async((0,), eta=at(time.time() + 3000))
            began = time.time()
            rival.spawn()
            self.seconds = rival.say_hello(600) - began
            self.mebibytes = (rival.memory() - empty) / _MIB

    def memory_row(self, added: float) -> Row:
        """P-8."""
        planned = self.bench.size(1_000_000, 50_000)
        what = f"memory of {planned:,} planned jobs"
        note = f"reckoned from {self.held:,}"
        theirs = self.mebibytes * planned / self.held
        return Row("P-8", what, self.bench.database, added, "MiB", 50, 15, theirs, note=note)

    def restart_row(self, seconds: float) -> Row:
        """P-9."""
        planned = self.bench.size(1_000_000, 50_000)
        what = f"restart with {planned:,} planned: first job"
        note = f"reckoned from {self.held:,}"
        theirs = self.seconds * planned / self.held
        return Row("P-9", what, self.bench.database, seconds, "s", 5, 1, theirs, note=note)
