"""An API that asks for keys, somebody with objects of every kind, and people who see others."""

from types import SimpleNamespace

import pytest

from app.factory import create_app
from app.settings import Settings
from tests.app.api.people.conftest import alice, browser
from tests.security import people, world
from tests.support.api import wish

__all__ = ["alice", "browser"]


@pytest.fixture
def guarded(real_broker):
    """A client of an API that asks for keys."""
    return create_app(Settings(auth_enabled=True)).test_client()


@pytest.fixture
def small(guarded):
    """People and a key with limited sight, each with a job, before there is anything to hide."""
    root = people.key(guarded)
    project = root.post("/api/projects", {"name": "bobs"})["data"]["id"]
    wide = people.new_role("wide", people.WIDE)
    callers = (
        people.person(guarded, "bob", wide, projects=[project]),
        people.person(guarded, "eve", wide),
        people.key(guarded, project_id=project),
    )
    tag = root.post("/api/tags", {"name": "shared"})["data"]["id"]
    eves = callers[1].post("/api/jobs", wish(name="eve's", tag_ids=[tag]))["data"]["id"]
    bobs = root.post("/api/jobs", wish(name="bob's", project_id=project, tag_ids=[tag]))
    own = [bobs["data"]["id"], eves]
    for job in own:
        root.post(f"/api/jobs/{job}/execute")
    return SimpleNamespace(
        root=root, project=project, callers=callers, tag=tag, own=own, tag_id=tag
    )


@pytest.fixture
def full(small):
    """The same, with objects of somebody else beside them."""
    ann = people.person(small.root.client, "ann", "admin")
    return SimpleNamespace(**vars(small), ann=ann, hidden=world.build(ann))
