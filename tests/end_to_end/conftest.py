"""Databases for the whole product, and figures printed at the end."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.product import Product, free_port, running
from tests.support.rabbitmq import RabbitMq
from tests.support.servers import Broker, Postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Postgresql]:
    """A PostgreSQL server for all tests of this folder."""
    yield from _postgresql()


def _postgresql() -> Iterator[Postgresql]:
    folder = Path(tempfile.mkdtemp(prefix="oneoff-pg-"))
    server = Postgresql(folder, free_port()).start()
    yield server
    server.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server that the test may hurt."""
    yield from _postgresql()


@pytest.fixture
def empty_postgresql(postgresql_server: Postgresql) -> str:
    """The address of an empty PostgreSQL database."""
    return postgresql_server.new_database()


@pytest.fixture
def shared_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a broker that no installation owns."""
    broker = Broker(tmp_path)
    yield broker.url
    broker.stop()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMq]:
    """A RabbitMQ server for all tests of this folder; each installation has queues of its own."""
    server = RabbitMq()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql", "rabbitmq"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """The product, started: on each of the two databases, and on the other broker."""
    settings, broker = {}, None
    if request.param != "sqlite":
        settings["DATABASE_URL"] = request.getfixturevalue("empty_postgresql")
    if request.param == "rabbitmq":
        broker = request.getfixturevalue("rabbitmq")
        settings["BROKER_URL"] = broker.url
    with running(tmp_path / "product", broker=broker, **settings) as started:
        yield started
