"""What the product tells while it happens, with all its processes."""

import time
from typing import Any

from tests.end_to_end.product import Product, until
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
    ears = [Listener(f"http://localhost:{product.port}") for _ in range(20)]
    api = product.role("api")
    began = time.monotonic()
    api.terminate()
    for ear in ears:
        assert ear.has_ended.wait(10)
    figure(f"20 streams ended {time.monotonic() - began:.2f} s after SIGTERM")
    until(lambda: _answers(product), 30, "the API was started again")
    again = Listener(f"http://localhost:{product.port}")
    job = product.create("echo hi")
    again.until(lambda e: ("execution.changed", "completed") in e.kinds(job["id"]))
    again.close()


def _answers(product: Product) -> bool:
    try:
        return bool(product.ask("GET", "/health/live")[0] == 200)
    except OSError:
        return False
