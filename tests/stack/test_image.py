"""What is inside the image."""

import pytest

from app import web
from tests.support.docker_engine import DockerEngine
from tests.support.servers import missing

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(400)]


def test_the_image_holds_the_page_of_this_checkout(docker_engine: DockerEngine, oneoff_image: str):
    if not web.is_built():
        missing("the page (build it: make setup)")
    index = "/opt/oneoff/app/web/page/index.html"
    inside = docker_engine.run("run", "--rm", "--entrypoint", "cat", oneoff_image, index)
    assert inside == (web.FOLDER / "index.html").read_text()
