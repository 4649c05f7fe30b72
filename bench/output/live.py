"""P-16: how soon what a child prints is at the socket of whoever watches, and how much of it."""

import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import Any

from bench import web
from bench.figures import Bench
from bench.output.watcher import Watcher
from bench.product import ALL, Product
from bench.rival import Rival
from bench.stage import Stage, say, until
from bench.table import Row, percentile

_LONGEST = 180.0
#: Prints lines, some at a time, each with the moment at which it is written.
_PRINTER = """
import sys, time
began, many, pause, seconds = time.time(), {many}, {pause}, {seconds}
turn = 0
while time.time() < began + seconds:
    line = "%.6f\\n" % time.time()
    sys.stdout.write(line * many)
    sys.stdout.flush()
    turn += 1
    time.sleep(max(began + turn * pause - time.time(), 0))
"""
#: A worker notices within half a second that somebody watches.
_BEGINNING = 2.0


def measure(bench: Bench) -> Iterator[Row]:
    """Measure 100 lines a second beside a Redis stream, and then 100,000."""
    seconds = bench.size(60, 8)
    with Stage() as stage:
        rival = Rival(stage)
        theirs = _stream(rival.redis, seconds)
        rival.close()
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start(*ALL, "api")
        web.wait_for(product.settings.port, "/health/live")
        delays, _, _ = _watch(product, 1, 0.01, seconds)
        fast, heard, printed = _watch(product, 1_000, 0.01, seconds)
    what = "live log line, child's write to the socket (beside: a Redis stream)"
    for percent, floor, goal in ((50, 30, 5), (99, 150, 25)):
        ours, beside = percentile(delays, percent) * 1000, percentile(theirs, percent) * 1000
        text = f"{what}, p{percent}"
        yield Row("P-16", text, bench.database, ours, "ms", floor, goal, beside)
    say(f"  {printed:,} lines, {heard:,} heard, p99 {percentile(fast, 99) * 1000:.0f} ms")
    text = f"lines not heard of {printed // seconds:,}/s"
    yield Row("P-16", text, bench.database, printed - heard, "lines", 0, 0)


def _watch(product: Product, many: int, pause: float, seconds: int) -> tuple[list[float], int, int]:
    """Watch a job that prints; return the delays, how many lines were heard and how many printed.

    Of the beginning neither counts: what was printed before somebody watched is read later.
    """
    program = _PRINTER.format(many=many, pause=pause, seconds=seconds + _BEGINNING)
    execution_id = _begin(product, program)
    watcher = Watcher(product.settings.port, f"/api/executions/{execution_id}/logs/live")
    delays: list[float] = []
    first = last = heard = 0
    for moment, message in watcher.messages(_LONGEST):
        if message["type"] != "log":
            continue
        if not first:
            started = float(message["lines"][0])
            first = -1
        if float(message["lines"][-1]) < started + _BEGINNING:
            continue
        first = message["number"] if first < 0 else first
        last = message["number"] + len(message["lines"]) - 1
        heard += len(message["lines"])
        delays += [moment - float(line) for line in message["lines"][:: max(many // 10, 1)]]
    return delays, heard, last - first + 1


def _begin(product: Product, program: str) -> str:
    client = web.Client(product.settings.port)
    script = f"exec {sys.executable} -c '{textwrap.dedent(program)}'"
    job = {"name": "printer", "type": "shell", "config": {"script": script}}
    made: Any = client.post("/api/jobs", job | {"scheduled_at": "now"})
    path = f"/api/executions?job_id={made['data']['id']}&include=all"
    until(lambda: client.get(path)["data"], 10, "its execution", 0.01)
    found: str = client.get(path)["data"][0]["id"]
    client.close()
    return found


def _stream(server: Any, seconds: int) -> list[float]:
    """Return the delays of lines that go through a bare Redis stream."""
    until_moment = time.time() + seconds
    client = server.client()

    def write() -> None:
        while time.time() < until_moment:
            client.xadd("lines", {"at": repr(time.time())}, maxlen=1_000, approximate=True)
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    delays, last = [], "$"
    while time.time() < until_moment:
        for _, entries in server.xread({"lines": last}, block=1_000):
            moment = time.time()
            delays += [moment - float(fields[b"at"]) for _, fields in entries]
            last = entries[-1][0]
    writer.join()
    return delays
