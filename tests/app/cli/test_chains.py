"""Chains from the command line."""

import json
import threading

import pytest

from tests.app.cli.test_jobs import ended
from tests.support.api import get, make
from tests.support.chains import work_off

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def chain_id(oneoff, client):
    """A chain of two jobs, made from the command line."""
    make(client, name="fetch")
    make(client, name="load: all")
    return ended(
        oneoff("chains", "create", "nightly", "--job", "fetch", "--job", "load: all")
    ).strip()


def test_a_chain_lives_from_create_to_delete(oneoff, client, chain_id):
    assert "fetch → load: all" in ended(oneoff("chains", "list"))
    assert json.loads(ended(oneoff("chains", "list", "--json")))["total"] == 1
    words = ("--job", "fetch:go-on", "--job", "load: all:failure:go-on", "--priority", "8")
    ended(oneoff("chains", "edit", "nightly", *words, "--name", "weekly", "--queue", "slow"))
    chain = get(client, f"/api/chains/{chain_id}")["data"]
    assert (chain["name"], chain["priority"], chain["queue"]) == ("weekly", 8, "slow")
    links = [(x["job_name"], x["stop_on_failure"], x["run_if"]) for x in chain["links"]]
    assert links == [("fetch", False, "success"), ("load: all", False, "failure")]
    ended(oneoff("chains", "edit", "weekly", "--priority", "none", "--queue", ""))
    chain = json.loads(ended(oneoff("chains", "show", "weekly", "--json")))
    assert (chain["priority"], chain["queue"]) == (None, None)
    assert "load: all" in ended(oneoff("chains", "show", chain_id))
    assert "say what to change" in oneoff("chains", "edit", "weekly").stderr
    assert "--yes" in oneoff("chains", "delete", "weekly").stderr
    ended(oneoff("chains", "delete", "weekly", "--yes"))
    assert "There are no chains" in oneoff("chains", "list").stderr


def test_what_is_no_chain_is_refused(oneoff):
    done = oneoff("chains", "create", "empty")
    ended(done, 1)
    assert "Chain must have at least one job" in done.stderr
    done = oneoff("chains", "run", "nothing")
    ended(done, 1)
    assert "there is no chain named" in done.stderr
    done = oneoff("chains", "show-run", "nothing")
    ended(done, 1)
    assert "is no id of a run" in done.stderr


@pytest.mark.usefixtures("chain_id")
def test_a_run_is_started_watched_cancelled_and_resumed(oneoff):
    run_id = ended(oneoff("chains", "run", "nightly")).strip()
    assert run_id in ended(oneoff("chains", "runs", "nightly"))
    assert "pending" in ended(oneoff("chains", "show-run", run_id))
    assert "cancelled" in ended(oneoff("chains", "cancel", run_id))
    assert "running" in ended(oneoff("chains", "resume", run_id))
    work_off(run_id, link_2="failed")
    shown = ended(oneoff("chains", "show-run", run_id))
    assert "link 2 ended failed" in shown
    done = oneoff("chains", "resume", run_id, "--from", "3")
    ended(done, 1)
    assert "must be between 1 and 2" in done.stderr
    ended(oneoff("chains", "resume", run_id, "--from", "1"))
    assert work_off(run_id) == [1, 2]


@pytest.mark.parametrize(("verdict", "code"), [("completed", 0), ("failed", 1)])
def test_a_wait_ends_with_the_runs_code(oneoff, client, chain_id, verdict, code):
    done = _while_working(oneoff, client, chain_id, verdict)
    assert (done.returncode, verdict in done.stdout) == (code, True)


@pytest.mark.usefixtures("chain_id")
def test_a_wait_that_is_over_says_that_the_run_goes_on(oneoff):
    done = oneoff("chains", "run", "nightly", "--wait", "0.2")
    assert (done.returncode, "running" in done.stdout) == (1, True)


def _while_working(oneoff, client, chain_id, verdict):
    """Run the chain with --wait while somebody works its run off."""
    stop = threading.Event()

    def work():
        while not stop.wait(0.05):
            runs = get(client, f"/api/chains/{chain_id}/runs")["data"]
            for run in runs:
                if run["status"] == "running":
                    work_off(run["id"], link_1=verdict)
                    return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        return oneoff("chains", "run", chain_id, "--wait")
    finally:
        stop.set()
        thread.join()
