"""What the tests of the image share: it is built once, on stand-ins for the images it names."""

from collections.abc import Iterator

import pytest

from tests.support import stand_ins
from tests.support.docker_engine import DockerEngine
from tests.support.stack import ROOT

_BUILD_SECONDS = 180


@pytest.fixture(scope="session")
def stand_in_images(docker_engine: DockerEngine) -> Iterator[dict[str, str]]:
    """The images that ours and its stack stand on: name and tag, by name."""
    stand_ins.build(docker_engine)
    yield {name.partition(":")[0]: name for name in stand_ins.IMAGES}
    stand_ins.remove(docker_engine)


@pytest.fixture(scope="session")
def oneoff_image(docker_engine: DockerEngine, stand_in_images: dict[str, str]) -> str:
    """The name of the image, built from this checkout."""
    name = "oneoff:latest"
    docker_engine.run("build", "--tag", name, str(ROOT), seconds=_BUILD_SECONDS)
    return name
