"""The image as a worker of Celery: pytest-celery starts it, and Celery's own words reach it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from celery import Celery
from pytest_celery import CeleryBrokerCluster, CeleryTestSetup, CeleryTestWorker
from pytest_docker_tools import container, fxtr, network

from app import db
from app.domain import execution_state as state
from app.domain.secret_keys import key_text, new_key
from app.gateways import broker
from app.gateways.task_events import node_name
from app.models import Execution
from app.services import execution_lists, installation, workers
from app.services.jobs import creation
from app.services.jobs.drafts import Draft
from app.services.notifications import sending
from app.settings import Settings
from migrations import apply
from tests.end_to_end.product import until
from tests.support.containers import (
    POSTGRES_ENV,
    BeatContainer,
    OneOffContainer,
    OneOffSetup,
    PostgresqlServer,
    RedisServer,
)

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(500)]

GRACE_SECONDS = 3
#: What docker-compose.yml says that a worker needs besides its grace.
STOP_SECONDS = GRACE_SECONDS + 15
SLOTS = 2
READY_SECONDS = 60
LANES = ("default", broker.DISPATCH, broker.CHORES)
OUR_TASKS = {
    broker.RUN_TASK,
    broker.RELEASE_TASK,
    broker.CHORE_TASK,
    broker.LINK_TASK,
    broker.DELIVER_TASK,
    sending.SEND_TASK,
}

# What lies in memory leaves no volumes behind.
_SERVER = {"network": "{default_pytest_celery_network.name}", "timeout": READY_SECONDS}
_ROLE = {
    "image": "{oneoff_image}",
    "network": "{default_pytest_celery_network.name}",
    "environment": fxtr("default_worker_env"),
    "timeout": READY_SECONDS,
    "init": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "tmpfs": {"/data": "uid=10001,gid=10001,mode=0700"},
}

default_pytest_celery_network = network(scope="module")
default_redis_broker = container(
    scope="module",
    wrapper_class=RedisServer,
    image="{stand_in_images[redis]}",
    command=RedisServer.command(),
    ports={"6379/tcp": None},
    tmpfs={"/data": ""},
    **_SERVER,
)
postgresql = container(
    scope="module",
    wrapper_class=PostgresqlServer,
    image="{stand_in_images[postgres]}",
    environment=POSTGRES_ENV,
    ports={"5432/tcp": None},
    tmpfs={"/var/lib/postgresql/data": ""},
    **_SERVER,
)
default_worker_container = container(
    wrapper_class=OneOffContainer, command=OneOffContainer.command(), **_ROLE
)
another_worker = container(
    wrapper_class=OneOffContainer, command=OneOffContainer.command(), **_ROLE
)
beat = container(wrapper_class=BeatContainer, command=BeatContainer.command(), **_ROLE)

#: One for all workers, as they share a database.
_KEY = key_text(new_key())


@pytest.fixture(scope="module")
def ledger(postgresql: PostgresqlServer, default_redis_broker: RedisServer) -> Iterator[None]:
    """Have this process plan rows in the containers' database, and ring through their broker."""
    db.configure(postgresql.host_url.replace("postgresql:", "postgresql+psycopg:"))
    apply.upgrade(db.engine())
    with db.reading() as session:
        broker.configure(default_redis_broker.host_url, installation.installation_id(session))
    yield
    broker.publisher().close()
    db.engine().dispose()
    db._engines.clear()


@pytest.fixture
def celery_broker_cluster(ledger: None, celery_redis_broker: Any) -> CeleryBrokerCluster:
    """Redis alone; of the plug-in's brokers our tests have no other image."""
    return CeleryBrokerCluster(celery_redis_broker)


@pytest.fixture
def celery_backend_cluster() -> None:
    """There are no results in Celery: the row is the truth."""


@pytest.fixture
def celery_setup_cls() -> type[CeleryTestSetup]:
    """The application of the test is made as ours are."""
    return OneOffSetup


@pytest.fixture
def default_worker_container_cls() -> type[OneOffContainer]:
    """The class that knows the settings of our image."""
    return OneOffContainer


@pytest.fixture
def default_worker_env(
    default_worker_container_cls: type[OneOffContainer],
    celery_worker_cluster_config: dict[str, Any],
    postgresql: PostgresqlServer,
) -> dict[str, str]:
    """The settings of all roles."""
    own = {
        "DATABASE_URL": postgresql.url,
        "ENCRYPTION_KEY": _KEY,
        "WORKERS_COUNT": str(SLOTS),
        "LEASE_SECONDS": "3",
        "SHUTDOWN_GRACE_SECONDS": str(GRACE_SECONDS),
    }
    return default_worker_container_cls.initial_env(celery_worker_cluster_config, own)


def plan(script: str) -> str:
    """Make a shell job that is due now, ring for it, and return its id."""
    draft = Draft({"name": "t", "type": "shell", "config": {"script": script}, "immediate": True})
    with db.transaction() as session:
        return str(creation.create(session, draft, "tests", Settings())["id"])


def last(job_id: str) -> dict[str, Any]:
    """Return a job's newest execution."""
    newest = sa.select(Execution.id).where(Execution.job_id == job_id)
    with db.reading() as session:
        found = session.scalars(newest.order_by(Execution.number.desc())).first()
        return execution_lists.detail(session, str(found))


def ended(job_id: str, seconds: float = 15) -> dict[str, Any]:
    """Wait until a job's newest execution is final, and return it."""
    until(lambda: last(job_id)["status"] in state.FINAL, seconds, f"{last(job_id)} ends")
    return last(job_id)


def run(*job_ids: str) -> bool:
    """Return whether all of these jobs run."""
    return all(last(job_id)["status"] == state.RUNNING for job_id in job_ids)


def nodes(worker: CeleryTestWorker) -> set[str]:
    """Return under which names Celery must know a container's workers."""
    with db.reading() as session:
        found = workers.living(session)
    return {node_name(one["id"]) for one in found if one["host"] == worker.container.id[:12]}


def test_it_answers_celerys_ping_to_those_who_know_its_prefix(
    celery_setup: CeleryTestSetup,
) -> None:
    names = nodes(celery_setup.worker)
    assert len(names) == 3
    assert all(name.startswith(celery_setup.worker.hostname()) for name in names)
    url = celery_setup.broker.config()["host_url"]
    with redis.Redis.from_url(url, decode_responses=True) as client:
        keys = set(client.scan_iter())
        assert keys
        assert {key for key in keys if not key.startswith(broker._address.prefix)} == set()
    inspect = celery_setup.app.control.inspect(timeout=5, limit=3)
    assert inspect.ping() == {name: {"ok": "pong"} for name in names}
    with Celery("stranger", broker=url, set_as_current=False) as stranger:
        assert stranger.control.ping(timeout=1) == []


def test_a_row_that_was_rung_for_runs_in_it(celery_setup: CeleryTestSetup) -> None:
    row = ended(plan("echo Hello from $(hostname); id -u"))
    assert (row["status"], row["exit_code"]) == (state.COMPLETED, 0)
    host = celery_setup.worker.container.id[:12]
    assert row["output"].splitlines() == [f"Hello from {host}", "10001"]
    assert row["worker"].startswith(host)


class Bomb:
    """Makes a file where it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


def test_strangers_tasks_and_pickles_do_nothing_and_it_lives_on(
    celery_setup: CeleryTestSetup,
) -> None:
    app, worker = celery_setup.app, celery_setup.worker
    names = nodes(worker)
    registered = app.control.inspect(timeout=5, limit=3).registered()
    assert {name: set(tasks) for name, tasks in registered.items()} == dict.fromkeys(
        names, OUR_TASKS
    )
    for lane in LANES:
        queue = broker.queue_named(lane)
        app.send_task("os.system", args=["touch /data/task"], queue=queue)
        for task in ("os.system", *OUR_TASKS):
            app.send_task(task, args=[Bomb("/data/pickle")], queue=queue, serializer="pickle")
    # It says what it refuses, each time.
    unknown, pickles = "unregistered task of type 'os.system'", "untrusted content of type pickle"
    until(lambda: lines(worker, unknown) == 2 * len(LANES), 10, "names are refused")
    until(lambda: lines(worker, pickles) == len(OUR_TASKS) * len(LANES), 10, "pickles are refused")
    listed = ended(plan("ls /data"))
    assert listed["status"] == state.COMPLETED
    assert not {"task", "pickle"} & set(listed["output"].split())
    until(lambda: nothing_comes_again(celery_setup), 10, "all messages are done with")
    assert app.control.inspect(timeout=5, limit=3).ping().keys() == names


def lines(worker: CeleryTestWorker, phrase: str) -> int:
    """Return how many lines of a worker's log hold a phrase."""
    return sum(phrase in line for line in worker.logs().splitlines())


def nothing_comes_again(setup: CeleryTestSetup) -> bool:
    """Return whether the broker holds no message, neither waiting nor with somebody."""
    with redis.Redis.from_url(setup.broker.config()["host_url"]) as client:
        held = int(client.hlen(f"{broker._address.prefix}unacked"))
    return not held and not any(map(broker.depth, LANES))


def test_sigterm_ends_it_in_its_grace_with_all_rows_settled(celery_setup: CeleryTestSetup) -> None:
    short, long = plan("sleep 1.5; echo done"), plan("sleep 60")
    until(lambda: run(short, long), 10, "both run")
    celery_setup.worker.kill("SIGTERM", reload_container=False)
    assert celery_setup.worker.container.exit_code(STOP_SECONDS) == 0
    done, cut = last(short), last(long)
    assert (done["status"], done["output"]) == (state.COMPLETED, "done\n")
    assert (cut["status"], cut["error_code"]) == (state.FAILED, "WORKER_SHUTDOWN")


def test_what_a_killed_one_leaves_another_ends(
    celery_setup: CeleryTestSetup, request: pytest.FixtureRequest
) -> None:
    running = [plan("sleep 60") for _ in range(SLOTS)]
    until(lambda: run(*running), 10, "all slots are taken")
    waiting = plan("hostname")
    celery_setup.worker.kill("SIGKILL", reload_container=False)
    assert celery_setup.worker.container.exit_code(STOP_SECONDS) == 128 + 9
    another = request.getfixturevalue("another_worker")
    request.getfixturevalue("beat")
    assert ended(waiting, 30)["output"] == f"{another.id[:12]}\n"
    for row in (ended(job_id, 30) for job_id in running):
        assert (row["status"], row["error_code"]) == (state.FAILED, "WORKER_LOST")
