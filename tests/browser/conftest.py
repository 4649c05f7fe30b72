"""The product, and a Chromium that uses its page: nothing may go wrong unseen while it does."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import PASSWORD, Visitor, chromium
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


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product as others use it: one has to sign in. There is nobody in it yet."""
    home = tmp_path_factory.mktemp("guarded") / "home"
    with running(home, AUTH_ENABLED="true") as started:
        yield started


@pytest.fixture(scope="module")
def admin(guarded: Product) -> dict[str, str]:
    """The headers of a key of the first user, who is called admin and made unless a test did."""
    made, _ = guarded.ask("POST", "/setup/admin", {"username": "admin", "password": PASSWORD})
    assert made in {201, 409}
    wanted = {"name": "tests", "scopes": "read,write,admin"}
    status, key = guarded.ask("POST", "/api/api-keys", wanted, headers=bearer_of(guarded, "admin"))
    assert status == 201, key
    return {"Authorization": f"Bearer {key['data']['key']}"}


def bearer_of(product: Product, username: str) -> dict[str, str]:
    """Sign somebody in; return the headers that say who asks."""
    given = {"username": username, "password": PASSWORD}
    status, answer = product.ask("POST", "/api/auth/login", given)
    assert status == 200, answer
    return {"Authorization": f"Bearer {answer['data']['token']}"}


@pytest.fixture
def visitor(
    request: pytest.FixtureRequest, browser: Browser, product: Product
) -> Iterator[Visitor]:
    """Somebody with a browser. What goes wrong in it fails the test, with a picture."""
    yield from _visiting(request, Visitor(browser, product))


@pytest.fixture
def guest(request: pytest.FixtureRequest, browser: Browser, guarded: Product) -> Iterator[Visitor]:
    """Somebody with a browser before the product that asks who comes."""
    yield from _visiting(request, Visitor(browser, guarded))


def _visiting(request: pytest.FixtureRequest, somebody: Visitor) -> Iterator[Visitor]:
    yield somebody
    wrong = somebody.unforgiven()
    if wrong or request.node.stash.get(_FAILED, default=False):
        PICTURES.mkdir(exist_ok=True)
        for number, page in enumerate(somebody.pages):
            name = re.sub(r"\W+", "-", request.node.name)
            page.screenshot(path=PICTURES / f"{name}{number}.png", full_page=True)
    somebody.close()
    assert wrong == []


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remove the pictures of the run before; of several processes the first one does."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(PICTURES, ignore_errors=True)
