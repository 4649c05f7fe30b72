"""Containers of dead workers go away, and no others; workers say whether they reach an engine."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from app.db import reading, transaction
from app.domain import execution_state as state
from app.domain.ids import new_id
from app.models import Execution, Worker
from app.services import workers
from app.services.workers import Registration
from tests.support.docker_engine import IMAGE, DockerEngine
from tests.support.rows import make_execution, make_job
from workers.containers import Caretaker
from workers.executors.docker_order import EPOCH, EXECUTION, INSTALLATION, KEPT

pytestmark = pytest.mark.docker


@dataclass
class Place:
    """An installation with one running docker execution, and ways to make containers."""

    engine: DockerEngine
    installation: str = field(default_factory=new_id)
    execution_id: str = ""
    worker_id: str = ""

    def caretaker(self, host: str = "") -> Caretaker:
        return Caretaker(host or self.engine.host, self.installation, self.worker_id)

    def container(self, verb: str, execution_id: str, **more: str) -> str:
        labels = {INSTALLATION: self.installation, EXECUTION: execution_id, EPOCH: "1"} | more
        options = [
            part for name, value in labels.items() for part in ("--label", f"{name}={value}")
        ]
        if verb == "run":
            options += ["--detach", "--init"]
        script = more.get("script", "sleep 600")
        made = self.engine.run(verb, "--network=none", *options, IMAGE, "sh", "-c", script)
        return made.strip()[:12]

    def left(self) -> set[str]:
        return set(self.engine.containers(f"{INSTALLATION}={self.installation}"))

    def reached(self) -> bool | None:
        with reading() as session:
            worker = session.get(Worker, self.worker_id)
            assert worker is not None
            return worker.docker


@pytest.fixture
def place(database: str, docker_engine: DockerEngine) -> Iterator[Place]:
    place = Place(docker_engine)
    with transaction() as session:
        job = make_job(session, type="docker", config='{"image": "alpine"}')
        place.execution_id = make_execution(session, job, state.RUNNING, epoch=1)
        place.worker_id = workers.register(session, Registration("prefork", ("default",), 2))
    yield place
    for container in place.left():
        docker_engine.run("rm", "--force", container)


def test_only_what_nobody_runs_is_removed(place: Place) -> None:
    alive = place.container("run", place.execution_id)
    place.container("run", new_id())
    place.container("run", place.execution_id, **{EPOCH: "0"})
    place.container("create", new_id())
    place.caretaker().look()
    assert place.left() == {alive}
    assert place.reached() is True


def test_a_container_to_be_kept_stays_if_it_ended_by_itself(place: Place) -> None:
    ended = place.container("run", new_id(), **{KEPT: "true"}, script="exit 3")
    place.engine.run("wait", ended)
    place.container("run", new_id(), **{KEPT: "true"})
    place.container("create", new_id(), **{KEPT: "true"})
    place.caretaker().look()
    assert place.left() == {ended}


def test_what_belongs_to_another_installation_is_left_alone(place: Place) -> None:
    mine = place.installation
    place.installation = new_id()
    theirs = place.container("run", new_id())
    Caretaker(place.engine.host, mine, place.worker_id).look()
    assert place.left() == {theirs}


def test_without_an_engine_that_is_recorded(place: Place) -> None:
    place.caretaker("unix:///no/such/engine.sock").look()
    assert place.reached() is False


def test_without_docker_jobs_nobody_looks(place: Place) -> None:
    stale = place.container("run", new_id())
    with transaction() as session:
        for execution in session.query(Execution).all():
            session.delete(execution)
        session.flush()
        session.execute(Execution.metadata.tables["jobs"].delete())
    place.caretaker().look()
    assert place.left() == {stale}
    assert place.reached() is None
