"""An identity provider, and browsers on a product that trusts it."""

import httpx
import pytest

from app.services.people import identity_provider
from app.settings import Settings
from tests.support.oidc_browser import serve
from tests.support.oidc_server import running


@pytest.fixture(scope="module")
def process():
    with running() as one:
        yield one


@pytest.fixture
def provider(process):
    yield process
    process.reset()


@pytest.fixture
def product(database, provider):
    """Return a function that serves the product; the settings are those of a usual installation."""
    opened = []

    def start(**over):
        block = serve(provider, **over)
        opened.append(block)
        return block.__enter__()

    yield start
    for block in opened:
        block.__exit__(None, None, None)
    identity_provider.configure(Settings())


@pytest.fixture
def browse(product):
    """Return a function that gives a new browser on the product."""
    opened = []

    def browser(url=None, **over):
        client = httpx.Client(base_url=url or product(**over), follow_redirects=True, timeout=20)
        opened.append(client)
        return client

    yield browser
    for client in opened:
        client.close()
