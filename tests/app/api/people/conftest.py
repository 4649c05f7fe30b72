"""An API that asks people to sign in."""

import pytest

from app.factory import create_app
from app.settings import Settings
from tests.support.people import make_user


@pytest.fixture
def guarded(real_broker):
    """A client of an API that asks who comes, without a memory for cookies."""
    return create_app(Settings(auth_enabled=True)).test_client(use_cookies=False)


@pytest.fixture
def browser(guarded):
    """A client of the same API that keeps cookies."""
    return guarded.application.test_client()


@pytest.fixture
def alice(database):
    """A person with the role admin."""
    return make_user("alice", "admin")
