"""Events in these tests reach the outbox."""

import pytest

from app import reactions
from app.services.webhooks import outbox


@pytest.fixture(autouse=True)
def _connected():
    reactions.connect()
    outbox._forget()
    yield
    reactions.connect()
    outbox._forget()
