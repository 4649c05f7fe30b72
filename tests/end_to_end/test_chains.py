"""Chains with real processes: each link runs once and in its turn, whatever is killed meanwhile."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.end_to_end.product import ROOT, Ledger, Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

FINAL = {"completed", "failed", "cancelled"}
KEYS = ["a", "b", "c", "d", "e"]


class Chains:
    """The chains of a product, over its API."""

    def __init__(self, product: Product, ledger: Ledger) -> None:
        self.product, self.ledger = product, ledger

    def job(self, key: str, seconds: float = 0.0, **over: Any) -> str:
        """Make a job that writes its start and its end to the ledger, for no moment of its own."""
        made = self.product.create(self.ledger.script(key, seconds), "2100-01-01T00:00:00Z", **over)
        return str(made["id"])

    def start(self, links: list[Any]) -> str:
        """Make a chain of links, or of ids of jobs, and run it; return the run's id."""
        what = "links" if isinstance(links[0], dict) else "job_ids"
        status, chain = self.product.ask("POST", "/api/chains", {"name": "chain", what: links})
        assert status == 201, chain
        status, run = self.product.ask("POST", f"/api/chains/{chain['data']['id']}/execute")
        assert status == 202, run
        return str(run["data"]["chain_run_id"])

    def run(self, run_id: str) -> Any:
        """Return a run."""
        return self.product.ask("GET", f"/api/chain-runs/{run_id}")[1]["data"]

    def ended(self, run_id: str, seconds: float = 40) -> Any:
        """Wait for the end of a run and return it."""
        until(lambda: self.run(run_id)["status"] in FINAL, seconds, f"its end: {self.run(run_id)}")
        return self.run(run_id)

    def kill_while(self, key: str) -> None:
        """kill -9 the worker while a link runs for the first time."""
        until(lambda: self.ledger.count("START", key), 20, f"link {key} runs")
        self.product.kill("worker")


@pytest.fixture
def chains(product: Product, tmp_path: Path) -> Chains:
    """The chains of a started product, and their ledger."""
    return Chains(product, Ledger(tmp_path / "ledger"))


def lines(chains: Chains) -> list[str]:
    """Return what the links wrote."""
    return chains.ledger.path.read_text().splitlines()


def in_turn(*keys: str) -> list[str]:
    """Return what links write that run one after the other."""
    return [f"{what} {key}" for key in keys for what in ("START", "END")]


def test_links_run_in_turn_and_know_what_came_before(chains: Chains, figure: Any) -> None:
    queues = {"a": "x", "b": "default", "c": "y"}
    jobs = [chains.job(key, queue=queue) for key, queue in queues.items()]
    told = (
        f'echo "$ONEOFF_CHAIN_RUN_ID $ONEOFF_PREVIOUS_EXIT_CODE $ONEOFF_PREVIOUS_OUTPUT"'
        f" >> {chains.ledger.path}; echo said; exit 3"
    )
    said = [str(chains.product.create(told, "2100-01-01T00:00:00Z")["id"]) for _ in range(2)]
    links = [{"job_id": j, "stop_on_failure": False} for j in (*jobs, *said)]
    began = time.monotonic()
    run_id = chains.start(links)
    run = chains.ended(run_id)
    took = time.monotonic() - began
    assert run["status"] == "completed"
    assert lines(chains) == [*in_turn(*"abc"), f"{run_id} 0 ", f"{run_id} 3 said"]
    assert [link["outcome"] for link in run["links"]] == ["success"] * 3 + ["failure"] * 2
    figure(f"a chain of five empty links: {took * 1000:.0f} ms")


def test_a_worker_killed_at_each_link_runs_only_those_again_that_may(chains: Chains) -> None:
    run_id = chains.start([chains.job(key, 1.2, on_lost="retry") for key in KEYS])
    for key in KEYS:
        chains.kill_while(key)
    run = chains.ended(run_id, 100)
    assert run["status"] == "completed"
    assert chains.ledger.starts() == dict.fromkeys(KEYS, 2)
    assert [chains.ledger.count("END", key) for key in KEYS] == [1] * 5
    assert [len(link["executions"]) for link in run["links"]] == [2] * 5
    assert [line for line in lines(chains) if line.startswith("END")] == [f"END {k}" for k in KEYS]


def test_a_worker_killed_at_each_link_fails_each_once(chains: Chains) -> None:
    jobs = [chains.job(key, 1.2) for key in KEYS]
    run_id = chains.start([{"job_id": job, "stop_on_failure": False} for job in jobs])
    for key in KEYS[:4]:
        chains.kill_while(key)
    run = chains.ended(run_id, 80)
    assert [link["status"] for link in run["links"]] == ["failed"] * 4 + ["completed"]
    codes = [link["executions"][0]["error_code"] for link in run["links"]]
    assert codes == ["WORKER_LOST"] * 4 + [None]
    assert chains.ledger.starts() == dict.fromkeys(KEYS, 1)
    assert [chains.ledger.count("END", key) for key in KEYS] == [0, 0, 0, 0, 1]


def test_a_lost_link_stops_its_chain_which_is_resumed(chains: Chains) -> None:
    run_id = chains.start([chains.job(key, 0.8) for key in "abc"])
    chains.kill_while("b")
    run = chains.ended(run_id)
    assert [link["status"] for link in run["links"]] == ["completed", "failed", "skipped"]
    assert run["status"] == "failed"
    status, _ = chains.product.ask("POST", f"/api/chain-runs/{run_id}/resume")
    assert status == 202
    run = chains.ended(run_id)
    assert run["status"] == "completed"
    assert chains.ledger.starts() == {"a": 1, "b": 2, "c": 1}


def test_a_chain_is_cancelled_midway_and_goes_on_from_there(chains: Chains) -> None:
    times = {"a": 0, "b": 30, "c": 0}
    run_id = chains.start([chains.job(key, seconds) for key, seconds in times.items()])
    until(lambda: chains.ledger.count("START", "b"), 20, "link b runs")
    status, answer = chains.product.ask("POST", f"/api/chain-runs/{run_id}/cancel", {"force": True})
    assert (status, answer["data"]["status"]) == (200, "cancelling")
    run = chains.ended(run_id, 10)
    assert [link["status"] for link in run["links"]] == ["completed", "cancelled", "skipped"]
    assert run["status"] == "cancelled"
    assert chains.ledger.starts() == {"a": 1, "b": 1}


# The messages of RabbitMQ can't be taken away from under it.
@pytest.mark.parametrize("product", ["sqlite", "postgresql"], indirect=True)
def test_a_chain_goes_on_when_its_messages_are_gone(chains: Chains) -> None:
    product = chains.product
    run_id = chains.start([chains.job(key, 1.0, on_lost="retry") for key in "abc"])
    chains.kill_while("a")
    with redis.Redis(unix_socket_path=str(next(product.data.rglob("broker.sock")))) as client:
        until(lambda: _messages(client), 10, "the message of another attempt")
        client.flushall()
    assert chains.run(run_id)["links"][0]["status"] == "queued", "its message was taken already"
    run = chains.ended(run_id)
    assert run["status"] == "completed"
    assert lines(chains) == ["START a", *in_turn(*"abc")]


def _messages(client: Any) -> int:
    """Return how many messages wait in run queues."""
    keys = client.keys("*-default*")
    return sum(client.llen(key) for key in keys if client.type(key) == b"list")


def test_chains_and_single_jobs_share_their_slots(chains: Chains) -> None:
    product, ledger = chains.product, chains.ledger
    runs = [chains.start([chains.job(f"{n}{key}", 0.1) for key in "abcd"]) for n in range(6)]
    single = [product.create(ledger.script(f"s{n}", 0.1))["id"] for n in range(12)]
    for job_id in single:
        assert product.ended(job_id, 30)["status"] == "completed"
    assert [chains.ended(run_id)["status"] for run_id in runs] == ["completed"] * 6
    assert set(ledger.starts().values()) == {1}
    for n in range(6):
        mine = [line for line in lines(chains) if line[-2] == str(n) and line[-1] in "abcd"]
        assert mine == in_turn(*(f"{n}{key}" for key in "abcd"))


#: Sends every message a run can have had or will have, again and again.
_FLOOD = """
import sys, time
from app import bootstrap, settings
from app.gateways import broker
from app.gateways.messages import Step
bootstrap.start("flood", settings.load({}))
end = time.monotonic() + 6
while time.monotonic() < end:
    for first in (1, 2, 3, 4, 5):
        steps = [Step("default", 5, sys.argv[1], n, 1) for n in range(first, 6)]
        broker.publish_chain(steps)
    time.sleep(0.05)
"""


def test_messages_that_come_many_times_and_at_any_moment_double_nothing(chains: Chains) -> None:
    run_id = chains.start([chains.job(key, 0.7) for key in KEYS])
    environ = chains.product.environ | {"PYTHONPATH": str(ROOT)}
    flood = subprocess.run(
        [sys.executable, "-c", _FLOOD, run_id],
        env=environ,
        cwd=chains.product.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert flood.returncode == 0, flood.stderr
    assert chains.ended(run_id)["status"] == "completed"
    assert lines(chains) == in_turn(*KEYS)
    after = chains.product.create(chains.ledger.script("after"))
    assert chains.product.ended(after["id"])["status"] == "completed"
    assert lines(chains) == in_turn(*KEYS, "after")
