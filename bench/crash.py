"""P-22: a worker is killed; how soon is its execution judged and started again."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from bench import fill, marks, rival_app
from bench.figures import Bench, Row
from bench.fill import Load
from bench.product import Product
from bench.rival import Rival
from bench.stage import Stage, say, until
from bench.table import median

_SLEEP = 600_000
#: What the rival takes when it is not measured: its sweep for lost messages is that rare.
_KNOWN_SECONDS = 100.0


def measure(bench: Bench) -> Iterator[Row]:
    """Measure with a supervisor that sees the death, and without one, as if a host were gone."""
    seconds, note = (_KNOWN_SECONDS, "about, not measured") if bench.quick else _rival()
    rounds = bench.size(3, 1)
    for what, kill in (("worker killed", _kill_worker), ("its whole host gone", _kill_tree)):
        found = [_round(bench, kill) for _ in range(rounds)]
        text = f"{what}: judged, started again"
        yield Row("P-22", text, bench.database, median(found), "s", 30, 10, seconds, note=note)


def _round(bench: Bench, kill: Callable[[Product], None]) -> float:
    """Run a long job on one of two workers, kill that one; return when the job starts again."""
    with Stage() as stage:
        product = Product(stage, bench.database)
        path = stage.folder / "marks"
        product.start()
        config = json.dumps({"marks": str(path), "milliseconds": _SLEEP})
        fill.start_one("long", config, on_lost="retry")
        until(lambda: marks.count(path) == 1, 10, "the job starts")
        time.sleep(1)
        killed = time.time()
        kill(product)
        until(lambda: marks.count(path) == 2, 60, "the job starts again")
        again = marks.read(path)["long"][1] - killed
    say(f"  started again after {again:.1f} s")
    return again


def _kill_worker(product: Product) -> None:
    os.kill(product.worker(), signal.SIGKILL)


def _kill_tree(product: Product) -> None:
    """Kill the worker with all that is below it, and keep its supervisor from noticing."""
    raise NotImplementedError


def _rival() -> tuple[float, str]:
    """Kill the rival's worker while another one is there, with a visibility timeout of 10 s."""
    raise NotImplementedError


def _unused(path: Path, load: Load, rival: Rival) -> None:
    del path, load, rival, rival_app, psutil
