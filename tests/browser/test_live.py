"""What happens is on the page while it happens, also when the server was away meanwhile."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.end_to_end.product import Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

#: A line each 50 ms, until a file is there.
_SCRIPT = "n=0; until [ -e {stop} ]; do n=$((n+1)); echo line $n; sleep 0.05; done"


def executions(product: Product, job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.executions(job["id"])
    return found


def lines_of(page: Page) -> list[int]:
    """Return the numbers of all lines that the page holds, by scrolling through its log."""
    frame = page.get_by_role("log")
    found: dict[int, None] = {}
    page.get_by_role("button", name="Follow").evaluate_all("all => all.forEach(one => one.blur())")
    frame.evaluate("box => { box.scrollTop = 0 }")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        page.wait_for_timeout(60)
        texts = frame.inner_text().splitlines()
        found |= {int(n[1]): None for text in texts if (n := re.search(r"line (\d+)$", text))}
        if frame.evaluate("box => box.scrollTop + box.clientHeight >= box.scrollHeight - 2"):
            return list(found)
        frame.evaluate("box => { box.scrollTop += box.clientHeight / 2 }")
    raise AssertionError("the log has no end")


def test_no_line_is_lost_or_doubled_while_the_server_is_started_anew(
    visitor: Visitor, product: Product, tmp_path: Any
) -> None:
    visitor.forgive(
        r"ERR_CONNECTION_|ERR_INCOMPLETE_CHUNKED|WebSocket|ERR_EMPTY_RESPONSE|ERR_NETWORK"
    )
    stop = tmp_path / "stop"
    job = product.create(_SCRIPT.format(stop=stop))
    until(lambda: [e for e in executions(product, job) if e["status"] == "running"], 30, "a run")
    execution = executions(product, job)[0]
    page = visitor.open(f"/executions/{execution['id']}")
    log = page.get_by_role("log")
    mark = page.locator("header .live")
    expect(mark).to_have_text("Live")
    expect(log.get_by_text(re.compile(r"line 2\d$")).first).to_be_visible()
    product.role("api").kill()
    expect(mark).not_to_have_text("Live")
    expect(mark).to_have_text("Live", timeout=60_000)
    heard = max(int(n) for n in re.findall(r"line (\d+)", log.inner_text()))
    expect(log.get_by_text(re.compile(rf"line {heard + 40}$"))).to_be_visible()
    stop.touch()
    expect(page.get_by_text("Completed").first).to_be_visible()
    written = product.ask("GET", f"/api/executions/{execution['id']}/logs?limit=10000")[1]["data"]
    expect(page.get_by_text(f"{len(written):,} lines")).to_be_visible()
    assert lines_of(page) == list(range(1, len(written) + 1))


def test_what_happens_elsewhere_comes_to_the_page_by_itself(
    visitor: Visitor, product: Product
) -> None:
    page = visitor.open("/executions")
    expect(page.locator("header .live")).to_have_text("Live")
    page.wait_for_timeout(1_500)  # until what it asks for at first has come
    job = product.create("sleep 30", name="seen at once")
    row = page.get_by_role("row").filter(has_text="seen at once")
    pill = page.get_by_role("button", name=re.compile(r"new"))
    expect(row.or_(pill).first).to_be_visible(timeout=4_000)
    product.ask("POST", f"/api/jobs/{job['id']}/stop")


def test_a_page_that_nobody_looks_at_rests(visitor: Visitor, product: Product) -> None:
    page = visitor.open("/jobs")
    mark = page.locator("header .live")
    expect(mark).to_have_text("Live")
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    expect(mark).to_have_text("Paused")
    product.create("true", name="made meanwhile")
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', { value: false, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    expect(mark).to_have_text("Live")
    expect(page.get_by_text("made meanwhile").first).to_be_visible()
