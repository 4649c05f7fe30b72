"""P-22: a worker is killed; how soon is its execution judged and started again."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from bench import fill, marks, rival_app
from bench.figures import Bench
from bench.product import Product
from bench.rival import Rival
from bench.stage import Stage, say, until
from bench.table import Row, median

_SLEEP = 600_000
#: What the rival takes when it is not measured: its sweep for lost messages is that rare.
_KNOWN_SECONDS = 100.0
_LONGEST = 300.0


def measure(bench: Bench) -> Iterator[Row]:
    """Measure with a supervisor that sees the death, and without one, as if a host were gone."""
    seconds, note = (_KNOWN_SECONDS, "about, not measured") if bench.quick else _rival()
    ways: dict[str, Callable[[Product], float]] = {
        "worker killed": _worker_killed,
        "its host gone": _host_gone,
    }
    for what, way in ways.items():
        found = []
        for _ in range(bench.size(3, 1)):
            with Stage() as stage:
                found.append(way(Product(stage, bench.database)))
            say(f"  {what}: started again after {found[-1]:.1f} s")
        text = f"{what}: judged and started again"
        yield Row("P-22", text, bench.database, median(found), "s", 30, 10, seconds, note=note)


def _worker_killed(product: Product) -> float:
    """Kill the main process of the worker under its supervisor."""
    product.start()
    path = _long_job(product)
    killed = time.time()
    os.kill(product.worker(), signal.SIGKILL)
    return _again(path) - killed


def _host_gone(product: Product) -> float:
    """Kill a worker with its supervisor while another worker, started later, looks on."""
    product.start("broker", "dispatcher", "auxiliary", "beat")
    doomed = product.spawn("worker")
    until(lambda: product.consuming() == 3, 30, "the first worker")
    path = _long_job(product)
    product.spawn("worker")
    until(lambda: product.consuming() == 4, 30, "the second worker")
    killed = time.time()
    _kill_all(doomed)
    return _again(path) - killed


def _kill_all(main: subprocess.Popen[bytes]) -> None:
    """Kill a process and all below it so fast that none can tell of another's death."""
    main.send_signal(signal.SIGSTOP)
    for process in psutil.Process(main.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()
    main.kill()
    main.wait()


def _long_job(product: Product) -> Path:
    """Start a job that outlasts the measurement; return the file of its marks."""
    path = product.stage.folder / "long.marks"
    config = json.dumps({"marks": str(path), "milliseconds": _SLEEP})
    fill.start_one("long", config, on_lost="retry")
    until(lambda: marks.count(path) == 1, 10, "the job starts")
    time.sleep(1)
    return path


def _again(path: Path) -> float:
    """Return when the job started a second time."""
    until(lambda: marks.count(path) == 2, _LONGEST, "the job starts again")
    return marks.read(path)["long"][1]


def _rival() -> tuple[float, str]:
    """Kill the rival's worker while another is there; its messages are lost after 10 s."""
    with Stage() as stage:
        rival = Rival(stage, RIVAL_VISIBILITY="10")
        rival.start()
        rival_app.mark.delay(str(rival.marks), "long", _SLEEP)
        until(lambda: "long" in marks.read(rival.marks), 10, "the rival's task starts")
        assert rival.worker is not None
        doomed = rival.worker
        rival.spawn()
        time.sleep(5)
        killed = time.time()
        _kill_all(doomed)
        until(lambda: len(marks.read(rival.marks)["long"]) > 1, _LONGEST, "it starts again", 0.2)
        seconds = marks.read(rival.marks)["long"][1] - killed
        rival.close()
    say(f"  rival: started again after {seconds:.0f} s")
    return seconds, "with a visibility timeout of 10 s instead of an hour"
