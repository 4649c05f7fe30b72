"""Databases for the whole product, and figures printed at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Product, running

_figures: list[str] = []


@pytest.fixture
def figure() -> Any:
    """Return a function that adds a line to the figures printed at the end."""
    return _figures.append


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """The product, started, on each of the two databases."""
    settings = {}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("empty_postgresql")
    with running(tmp_path / "product", **settings) as started:
        yield started


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures."""
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)
