"""An API that asks people to sign in."""

from tests.app.api.people.conftest import alice, browser, guarded

__all__ = ["alice", "browser", "guarded"]
