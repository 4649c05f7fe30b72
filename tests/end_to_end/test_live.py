"""What the product tells while it happens, with all its processes."""

import time
from typing import Any

from app.domain import clock
from tests.end_to_end.product import Product, until
from tests.support.sockets import Watcher
from tests.support.streams import Listener


def test_a_page_hears_at_once_what_workers_do(product: Product) -> None:
    until(product.consumes, 30, "workers take messages")
    ear = Listener(f"http://localhost:{product.port}")
    job = product.create("echo hi")
    ear.until(lambda e: ("execution.changed", "completed") in e.kinds(job["id"]))
    heard = [status for kind, status in ear.kinds(job["id"]) if kind == "execution.changed"]
    assert heard[-1] == "completed"
    ear.close()


def test_streams_do_not_keep_the_product_from_stopping(product: Product, figure: Any) -> None:
    url = f"http://localhost:{product.port}"
    until(product.consumes, 30, "workers take messages")
    job = product.create("echo one; sleep 60")
    until(lambda: product.executions(job["id"])[0]["status"] == "running", 30, "it runs")
    ears = [Listener(url) for _ in range(20)]
    watcher = Watcher(url, _log_of(product.executions(job["id"])[0]))
    watcher.until(lambda w: w.lines() == [(1, "one")])
    assert not any(ear.has_ended.is_set() for ear in ears)
    began = time.monotonic()
    product.role("api").terminate()
    for ear in ears:
        assert ear.has_ended.wait(10)
    assert watcher.until_closed() == 1001
    figure(f"21 streams ended {time.monotonic() - began:.2f} s after SIGTERM")
    for ear in ears:
        ear.close()
    watcher.close()
    until(lambda: _answers(product), 30, "the API was started again")
    again = Listener(url)
    job = product.create("echo hi")
    again.until(lambda e: ("execution.changed", "completed") in e.kinds(job["id"]))
    again.close()


def test_lines_come_while_they_are_printed(product: Product, figure: Any) -> None:
    until(product.consumes, 30, "workers take messages")
    job = product.create("for n in $(seq 100); do date +%s.%N; sleep 0.02; done")
    until(lambda: product.executions(job["id"]), 30, "it has an execution")
    watcher = Watcher(f"http://localhost:{product.port}", _log_of(product.executions(job["id"])[0]))
    waits: list[float] = []
    while watcher.code is None and watcher.read():
        seen = clock.now().timestamp()
        lines = [text for _, text in watcher.lines()]
        waits += [seen - float(text) for text in lines[len(waits) :]]
    watcher.close()
    assert watcher.code == 1000
    assert [number for number, _ in watcher.lines()] == list(range(1, 101))
    waits.sort()
    figure(
        f"a line was heard {waits[49] * 1000:.0f} ms after it was printed, p99 {waits[98]:.2f} s"
    )


def _log_of(execution: dict[str, Any]) -> str:
    return f"/api/executions/{execution['id']}/logs/live"


def _answers(product: Product) -> bool:
    try:
        return bool(product.ask("GET", "/health/live")[0] == 200)
    except OSError:
        return False
