"""Making jobs over HTTP: P-3 one by one beside Flask with one INSERT, P-4 a hundred a call."""

import itertools
import sys
from collections.abc import Iterator

from bench import databases, web
from bench.figures import Bench, alternate
from bench.product import Product
from bench.stage import Stage, say
from bench.table import Row, median

_BULK = 100
_numbers = itertools.count()


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures that are wanted, on one database.

    No worker runs, so that the cores belong to both servers alike; each job is due now: its row
    is committed and its ring is out before the answer. Beat moves SQLite's log, for both.
    """
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start("broker", "api", "beat")
        port, rival = product.settings.port, _start_rival(stage, product)
        web.wait_for(port, "/health/live")
        count, runs = bench.size(2000, 300), bench.size(3, 1)
        _ours(port, 100)
        _theirs(rival, 100)
        if bench.wants("P-3"):
            theirs, ours = alternate(
                lambda: _theirs(rival, count), lambda: _ours(port, count), runs
            )
            yield _row(bench, "P-3", "POST of one job", (0.5, 0.75), (ours, theirs))
        if bench.wants("P-4"):
            calls = bench.size(60, 8)
            theirs, ours = alternate(lambda: _ours(port, count), lambda: _bulk(port, calls), runs)
            yield _row(bench, "P-4", f"rows by bulk POST of {_BULK}", (10, 20), (ours, theirs))


def _row(
    bench: Bench,
    figure: str,
    what: str,
    limits: tuple[float, float],
    found: tuple[list[float], list[float]],
) -> Row:
    ours, theirs = (median(values) for values in found)
    return Row(figure, what, bench.database, ours, "/s", *limits, theirs, is_ratio=True)


def _start_rival(stage: Stage, product: Product) -> int:
    port = databases.free_port()
    environ = product.environ | {"PORT": str(port)}
    stage.spawn([sys.executable, "-m", "bench.rival_web"], "rival-web.log", environ)
    web.wait_for(port, "/")
    return port


def _job() -> dict[str, object]:
    return {
        "name": f"post-{next(_numbers)}",
        "type": "shell",
        "config": {"script": "echo hi", "env": {"A": "1"}},
        "scheduled_at": "now",
        "priority": 5,
    }


def _theirs(port: int, count: int) -> float:
    requests = [web.build("POST", "/jobs", _job()) for _ in range(count)]
    return _said("rival", web.rate(port, requests, 201))


def _ours(port: int, count: int) -> float:
    requests = [web.build("POST", "/api/jobs", _job()) for _ in range(count)]
    return _said("ours", web.rate(port, requests, 201))


def _bulk(port: int, calls: int) -> float:
    bodies = [{"jobs": [_job() for _ in range(_BULK)]} for _ in range(calls)]
    requests = [web.build("POST", "/api/jobs/bulk", body) for body in bodies]
    return _said("ours in bulk", web.rate(port, requests, 200) * _BULK)


def _said(who: str, found: float) -> float:
    say(f"  {who}: {found:,.0f} rows/s")
    return found
