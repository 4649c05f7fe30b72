"""Chains through the client."""

import pytest

from app.client import Client, Conflict, Invalid, NotFound
from tests.support.api import LATER
from tests.support.chains import work_off

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def oneoff(api_url):
    """A client of the API."""
    with Client(api_url) as client:
        yield client


@pytest.fixture
def jobs(oneoff):
    """The ids of three jobs."""
    shell = {"type": "shell", "config": {"script": "true"}, "scheduled_at": LATER}
    return [oneoff.jobs.create(name=name, **shell).id for name in "abc"]


def test_a_chain_lives_from_create_to_delete(oneoff, jobs):
    chain = oneoff.chains.create("nightly", job_ids=jobs, priority=3)
    assert [link.job_name for link in chain.links] == ["a", "b", "c"]
    assert [one.id for one in oneoff.chains.walk(project_id="default")] == [chain.id]
    links = [{"job_id": jobs[0], "run_if": "always"}]
    changed = oneoff.chains.update(chain.id, name="weekly", links=links)
    assert (changed.name, changed.links[0].run_if) == ("weekly", "always")
    oneoff.chains.delete(chain.id)
    with pytest.raises(NotFound, match="Chain not found"):
        oneoff.chains.get(chain.id)
    with pytest.raises(Invalid, match="at least one job"):
        oneoff.chains.create("empty", job_ids=[])


def test_a_run_is_followed_to_its_end_and_resumed(oneoff, jobs):
    chain = oneoff.chains.create("nightly", job_ids=jobs)
    started = oneoff.chains.execute(chain.id)
    run = oneoff.chain_runs.wait(started.chain_run_id, 0.1)
    assert (run.status, run.is_final, run.links[0].status) == ("running", False, "queued")
    with pytest.raises(Conflict):
        oneoff.chain_runs.resume(run.id)
    assert oneoff.chain_runs.cancel(run.id).status == "cancelled"
    assert oneoff.chain_runs.resume(run.id).status == "running"
    work_off(run.id, link_2="failed")
    run = oneoff.chain_runs.wait(run.id)
    assert (run.status, run.links[1].executions[0].exit_code) == ("failed", 1)
    oneoff.chain_runs.resume(run.id, 1)
    work_off(run.id)
    assert [one.status for one in oneoff.chains.runs(chain.id)] == ["completed"]
