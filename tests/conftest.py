"""What all tests share: a migrated database of each kind, a broker, a client of the API."""

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

from app import connections, db, reactions
from app.cli.broker_server import binary
from app.factory import create_app
from app.gateways import broker, cipher
from app.services import installation, system, wakeups
from app.services.executions import limits
from app.services.live import ending
from app.services.live.hub import Hub
from app.services.webhooks import outbox
from app.settings import Settings
from migrations import apply, seeds
from tests.support.docker_engine import DockerEngine
from tests.support.served import served
from tests.support.servers import Postgresql, missing

# A shell that starts us in the background has us, and all that we start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test says how fast the machine must be.
hypothesis_settings.register_profile("oneoff", deadline=None)
hypothesis_settings.load_profile("oneoff")

# As each process of the product does at its start.
reactions.connect()
cipher.configure([bytes(range(100, 132))])

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres),
]


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = connections.open_engine(f"sqlite:///{path}")
    apply.upgrade(engine)
    engine.dispose()  # the last connection to close writes its journal into the file
    return path


@pytest.fixture(scope="session")
def migrated_postgresql() -> Iterator[str]:
    """The address of a migrated PostgreSQL database, on a server of these tests."""
    folder = Path(tempfile.mkdtemp(prefix="oneoff-tests-"))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = Postgresql(folder, port).start()
    url = server.new_database().replace("postgresql://", "postgresql+psycopg://")
    engine = connections.open_engine(url)
    apply.upgrade(engine)
    engine.dispose()
    yield url
    server.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, quick_folder: Path) -> Iterator[str]:
    """A database as it is after the first migration; yields which of the two it is."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        url = f"sqlite:///{shutil.copy(template, quick_folder / 'oneoff.db')}"
    else:
        url = request.getfixturevalue("migrated_postgresql")
        _renew(url)
    db.configure(url)
    limits.forget()
    system.forget()
    outbox._forget()
    yield request.param
    _close_hubs()
    db.engine().dispose()
    db._engines.clear()


def _close_hubs() -> None:
    """End the threads that read this database for live pages: they would open the next one."""
    for waker in list(ending._wakers):
        hub = getattr(waker.act, "__self__", None)
        if isinstance(hub, Hub):
            hub.close()


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a test's database needs no disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="oneoff-", dir=memory))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _renew(url: str) -> None:
    """Empty all tables of a PostgreSQL database and plant the first rows again."""
    engine = connections.open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        names = [n for n in sa.inspect(connection).get_table_names() if n != "alembic_version"]
        same = connection.scalar(sa.text("SELECT id FROM installation"))
        # The audit log refuses this by triggers.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} CASCADE")
        connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
        seeds.plant(connection)
        seeds.plant_roles(connection)
        seeds.plant_chain(connection)
        connection.execute(sa.text("UPDATE installation SET id = :id"), {"id": same})
    engine.dispose()


@pytest.fixture(scope="session")
def broker_socket() -> Iterator[Path]:
    """The socket of a Redis or Valkey server, which is no child: other tests count those."""
    server = binary()
    if server is None:
        missing("a Redis or Valkey server")
    folder = Path(tempfile.mkdtemp(prefix="oneoff-broker-"))
    path = folder / "broker.sock"
    options = f"--daemonize yes --port 0 --unixsocket {path} --dir {folder} --logfile log"
    subprocess.run([str(server), *options.split(), "--save", ""], check=True)
    client = redis.Redis(unix_socket_path=str(path), retry=Retry(ConstantBackoff(0.02), 500))
    client.ping()
    yield path
    client.close()
    with redis.Redis(unix_socket_path=str(path), retry=Retry(NoBackoff(), 0)) as last:
        last.shutdown(nosave=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def real_broker(database: str, broker_socket: Path) -> None:
    """Have this process publish to a real broker that holds nothing yet."""
    with db.reading() as session:
        installation_id = installation.installation_id(session)
    url = f"redis+socket://{broker_socket}"
    before = broker._address
    if before.url != url or installation_id[-12:] not in before.prefix:
        broker.configure(url, installation_id)
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.flushall()
    broker._paused_until = 0.0
    wakeups._slots = (0.0, {})


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A Docker engine with one small image, shared by all test processes of the machine."""
    with DockerEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def app() -> Flask:
    """The HTTP application with the settings of a start without flags and environment."""
    return create_app(Settings())


@pytest.fixture
def client(real_broker: None, app: Flask) -> FlaskClient:
    """A client of the API, in this process."""
    app.testing = True
    return app.test_client()


@pytest.fixture
def api_url(real_broker: None, app: Flask) -> Iterator[str]:
    """The address of the API on a port of this process."""
    app.testing = False
    with served(app) as url:
        yield url


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Any:
    """Return a function that adds a line to the figures printed at the end."""
    return lambda line: request.node.user_properties.append(("figure", line))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures."""
    reports = terminalreporter.getreports("passed")
    lines = [text for r in reports for name, text in r.user_properties if name == "figure"]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.line(line)
