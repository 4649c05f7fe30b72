"""What the tests of the audit log share."""

import pytest


@pytest.fixture(autouse=True)
def _fresh_memory(app):
    """The application of all tests has refused the like before, perhaps within this minute."""
    app.extensions["audit_fold"].rest()
