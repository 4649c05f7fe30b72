"""What the tests of the image share: it is built once, on stand-ins for the images it names."""

from collections.abc import Iterator

import docker
import pytest

from tests.support.docker_engine import DockerEngine
from tests.support.stack import ROOT
from tests.support.stand_ins import IMAGES, StandIns

#: Only here: everywhere else setup.cfg keeps them out. They would cost each run of pytest a
#: library it does not need, and put tasks of theirs into every Celery application of a test.
_PLUGINS = ("pytest_docker_tools.plugin", "pytest_celery.plugin")
_BUILD_SECONDS = 180


def pytest_configure(config: pytest.Config) -> None:
    """Load pytest-celery, and what it stands on."""
    for name in _PLUGINS:
        config.pluginmanager.import_plugin(name)
    config.option.reuse_containers = False  # an option that came too late to be parsed


@pytest.fixture(scope="session")
def stand_ins(docker_engine: DockerEngine) -> Iterator[StandIns]:
    """The images that ours and its stack stand on."""
    with StandIns(docker_engine) as found:
        yield found


@pytest.fixture(scope="session")
def stand_in_images(stand_ins: StandIns) -> dict[str, str]:
    """Name and tag of these images, by name."""
    return {name.partition(":")[0]: name for name in IMAGES}


@pytest.fixture(scope="session")
def oneoff_image(docker_engine: DockerEngine, stand_ins: StandIns) -> str:
    """The name of the image, built from this checkout."""
    name = "oneoff:latest"
    with stand_ins.shared.alone():  # who comes second finds all steps done
        docker_engine.run("build", "--tag", name, str(ROOT), seconds=_BUILD_SECONDS)
    return name


@pytest.fixture(scope="session")
def docker_client(docker_engine: DockerEngine) -> Iterator[docker.DockerClient]:
    """What pytest-celery starts its containers with: the engine of all our tests."""
    client = docker.DockerClient(base_url=docker_engine.host)
    yield client
    client.close()
