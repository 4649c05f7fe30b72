"""Pauses over a restart, a drained worker, and one at a time over two workers: real processes."""

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.domain.clock import now, to_wire
from tests.end_to_end.product import ROOT, Ledger, Product, Submitter, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """The product, started, on each of the two databases."""
    settings = {}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("empty_postgresql")
    with running(tmp_path / "product", **settings) as started:
        yield started


@contextlib.contextmanager
def another_worker(product: Product, queues: str) -> Iterator[None]:
    """Run a second worker of the same installation."""
    before = len(run_workers(product))
    command = [str(ROOT / "oneoff"), "worker", "--queues", queues, "--concurrency", "2"]
    with (product.folder / "second.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=product.environ, cwd=product.folder, stdout=log, stderr=log
        )
    try:
        until(lambda: len(run_workers(product)) > before, 30, "the second worker lives")
        yield
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.kill()
        process.wait()


def run_workers(product: Product) -> list[dict[str, Any]]:
    """Return the living workers that run jobs, the oldest first."""
    _, answer = product.ask("GET", "/api/workers")
    reserved = {"dispatch", "chores"}
    found = [w for w in answer["data"] if w["consuming"] and not reserved & set(w["queues"])]
    return sorted(found, key=lambda w: str(w["started_at"]))


def do(product: Product, *words: str) -> None:
    """Run a command that must end well."""
    done = product.run(*words, ONEOFF_URL=f"http://localhost:{product.port}")
    assert done.returncode == 0, done.stderr


def test_pauses_outlast_a_restart_and_hold_back_all_but_manual_starts(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    until(product.consumes, 30, "the workers take messages")
    do(product, "pause", "--reason", "moving")
    held = product.create(ledger.script("held"))
    hand = product.create(ledger.script("hand"), at="2100-01-01T00:00:00Z")
    assert product.ask("POST", f"/api/jobs/{hand['id']}/execute", {})[0] == 200
    assert product.ended(hand["id"])["status"] == "completed"
    product.stop()
    product.log.unlink()
    product.start()
    until(product.consumes, 30, "the workers take messages")
    _, report = product.ask("GET", "/health", headers={"Accept": "application/json"})
    assert report["pause"]["reason"] == "moving"
    assert product.ask("POST", f"/api/jobs/{hand['id']}/execute", {})[0] == 200
    until(lambda: ledger.count("END", "hand") == 2, 15, "a manual start in spite of the pause")
    assert ledger.count("START", "held") == 0
    other = product.create(ledger.script("other"), queue="other")
    do(product, "queues", "pause", "other")
    do(product, "resume")
    assert product.ended(held["id"])["status"] == "completed"
    assert ledger.count("START", "other") == 0
    do(product, "queues", "resume", "other")
    assert product.ended(other["id"])["status"] == "completed"
    assert ledger.starts() == {"held": 1, "hand": 2, "other": 1}


def test_the_moments_in_a_pause_are_one_row_and_those_after_it_run(product: Product) -> None:
    schedule = {"type": "fixed_rate", "interval_seconds": 1}
    body = {"name": "tick", "type": "shell", "config": {"script": "true"}, "schedule": schedule}
    body["overlap"] = "allow"  # on a busy machine one may still run when the next is due
    until(product.consumes, 30, "the workers take messages")
    status, answer = product.ask("POST", "/api/jobs", body)
    assert status == 201, answer
    path = f"/api/executions?job_id={answer['data']['id']}&include=all&limit=1000"

    def rows(*statuses: str) -> list[dict[str, Any]]:
        found = product.ask("GET", path)[1]["data"]
        mine = [row for row in found if not statuses or row["status"] in statuses]
        return sorted(mine, key=lambda row: str(row["due_at"]))

    until(lambda: rows("completed"), 15, "the schedule fires")
    do(product, "pause")
    last = rows()[-1]["due_at"]  # in the time for which moments are planned ahead
    until(lambda: to_wire(now()) > last, 20, "more time passes than is planned ahead")
    do(product, "resume")
    until(lambda: (rows("completed") or [{}])[-1].get("due_at", "") > last, 15, "it goes on")
    found = rows()
    (passed,) = [row for row in found if row["status"] == "skipped"]
    assert passed["reason"] == "paused: the installation was paused"
    assert passed["due_at"] < last <= passed["due_until"]
    first, final = (datetime.fromisoformat(found[place]["due_at"]) for place in (0, -1))
    assert (final - first).total_seconds() == len(found) - 1 + passed["moments"] - 1


def test_a_drained_worker_ends_what_runs_and_leaves_the_rest_to_others(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    until(product.consumes, 30, "the workers take messages")
    running_job = product.create(ledger.script("long", 4))
    until(lambda: ledger.count("START", "long"), 15, "the long job runs")
    with another_worker(product, "default"):
        first, second = run_workers(product)
        do(product, "workers", "drain", first["id"])
        jobs = [product.create(ledger.script(f"k{n}")) for n in range(8)]
        ends = [product.ended(job["id"]) for job in jobs]
        assert {end["worker"] for end in ends} == {second["id"]}
        assert product.ended(running_job["id"])["worker"] == first["id"]
        do(product, "workers", "resume", first["id"])
        do(product, "workers", "drain", second["id"])
        last = product.ended(product.create(ledger.script("last"))["id"])
        assert (last["status"], last["worker"]) == ("completed", first["id"])


def test_a_queue_with_limit_one_runs_one_at_a_time_over_two_workers(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    until(product.consumes, 30, "the workers take messages")
    first = product.create(ledger.script("first"), queue="strict")
    product.ended(first["id"])
    do(product, "queues", "set", "strict", "--limit", "1")
    with another_worker(product, "strict"):
        # Every process knows of the limit within a second.
        until(lambda: limit_is_known(product, ledger), 20, "the limit holds")
        begin = len(ledger.path.read_text().splitlines())
        submitter = Submitter(product, ledger, queue="strict")
        submitter.submit(24, seconds=0.05)
        until(lambda: all(ledger.count("END", key) for key in submitter.accepted), 60, "all ran")
        lines = ledger.path.read_text().splitlines()[begin:]
        wanted = [f"{what} {key}" for key in submitter.accepted for what in ("START", "END")]
        assert lines == wanted
        ends = [product.last(job_id) for job_id in submitter.accepted.values()]
        assert len(ends) == 24


def limit_is_known(product: Product, ledger: Ledger) -> bool:
    """Return whether of six jobs at once never two ran side by side; try again if not."""
    begin = len(ledger.path.read_text().splitlines())
    jobs = [product.create(ledger.script("try", 0.1), queue="strict") for _ in range(6)]
    for job in jobs:
        product.ended(job["id"])
    lines = ledger.path.read_text().splitlines()[begin:]
    return lines == ["START try", "END try"] * 6
