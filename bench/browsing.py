"""The list of a million jobs as a person sees it: P-12 in a browser, from a click to its rows."""

import importlib.util
import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app import web as page_of_people
from bench.figures import Bench
from bench.stage import say
from bench.table import Row, median

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = (1440, 900)
_LONGEST_MS = 30_000
_ROWS = 50
#: Watched for in the page, at each picture that it draws: a click until the picture with all rows.
_AT_THE_ROWS = """
rows => new Promise(done => {
  const began = performance.now()
  const look = () => document.querySelectorAll('[data-row]').length >= rows
    ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look)
  document.querySelector('nav a[href="/jobs"]').click()
  look()
})
"""
_ARE_THERE = "rows => document.querySelectorAll('[data-row]').length >= rows"


def rows(bench: Bench, port: int) -> Iterator[Row]:
    """Measure the page of jobs with what stands in the database; say why not where it can't be."""
    program = next((path for name in _PROGRAMS if (path := shutil.which(name))), None)
    reason = _why_not(program)
    if reason:
        say(f"  the browser is left out: {reason}")
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not everywhere installed

    times = bench.size(9, 3)
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, as whom this may run in a container.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        clicked = [_click(browser, port) for _ in range(times)]
        cold = [_open(browser, port) for _ in range(times)]
        browser.close()
    say(f"  jobs page: cold {median(cold):.0f} ms, from the click {median(clicked):.0f} ms")
    text = "jobs page in a browser, from the click to the rows shown (beside: opened cold)"
    yield Row("P-12", text, bench.database, median(clicked), "ms", 300, 150, median(cold))


def _why_not(program: str | None) -> str:
    if program is None:
        return "there is no Chromium (Debian: apt-get install chromium)"
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed"
    return "" if page_of_people.is_built() else "the page is not built (make setup)"


def _page(browser: "Browser", port: int) -> "Page":
    """Return a page of a browser that has been nowhere yet."""
    width, height = _SIZE
    context = browser.new_context(
        base_url=f"http://localhost:{port}", viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.set_default_timeout(_LONGEST_MS)
    return page


def _click(browser: "Browser", port: int) -> float:
    """Return the milliseconds from the click on Jobs, elsewhere, to the rows."""
    page = _page(browser, port)
    page.goto("/tags", wait_until="networkidle")
    found = float(page.evaluate(_AT_THE_ROWS, _ROWS))
    page.context.close()
    return found


def _open(browser: "Browser", port: int) -> float:
    """Return the milliseconds from an address that is opened first of all to the rows."""
    page = _page(browser, port)
    began = time.perf_counter()
    page.goto("/jobs", wait_until="commit")
    page.wait_for_function(_ARE_THERE, arg=_ROWS)
    found = (time.perf_counter() - began) * 1000
    page.context.close()
    return found
