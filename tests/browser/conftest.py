"""The product, and a Chromium that uses its page: nothing may go wrong unseen while it does."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import Visitor, chromium
from tests.end_to_end.product import ROOT, Product, running

#: Where the pictures of failed tests go.
PICTURES = ROOT / "tests" / "browser" / "failures"
_FAILED = pytest.StashKey[bool]()

# What others change is on the page when it asks the next time.
expect.set_options(timeout=20_000)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: object) -> Iterator[None]:
    """Remember that a test failed, for those who put its things away."""
    del call
    outcome: Any = yield
    if outcome.get_result().failed:
        item.stash[_FAILED] = True


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of the system."""
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product on SQLite, started once for the tests of a file."""
    with running(tmp_path_factory.mktemp("product") / "home") as started:
        yield started


@pytest.fixture
def visitor(
    request: pytest.FixtureRequest, browser: Browser, product: Product
) -> Iterator[Visitor]:
    """Somebody with a browser. What goes wrong in it fails the test, with a picture."""
    somebody = Visitor(browser, product)
    yield somebody
    wrong = somebody.unforgiven()
    if wrong or request.node.stash.get(_FAILED, default=False):
        PICTURES.mkdir(exist_ok=True)
        for number, page in enumerate(somebody.pages):
            name = re.sub(r"\W+", "-", request.node.name)
            page.screenshot(path=PICTURES / f"{name}{number}.png", full_page=True)
    somebody.close()
    assert wrong == []


@pytest.fixture(scope="session", autouse=True)
def _no_old_pictures() -> None:
    """Remove the pictures of the run before."""
    shutil.rmtree(PICTURES, ignore_errors=True)
