"""kill -9 and worse: an accepted job is never lost, and none runs twice unless it may."""

import shutil
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Ledger, Product, Submitter, running, until
from tests.support.servers import Postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

JUDGED_WITHIN = 15.0


def _start_two(product: Product, ledger: Ledger, seconds: float) -> tuple[Any, Any]:
    """Start a job that may not be repeated and one that may; wait until both run."""
    once = product.create(ledger.script("once", seconds))
    again = product.create(ledger.script("again", seconds), on_lost="retry")
    until(lambda: len(ledger.starts()) == 2, 15, "both jobs run")
    return once, again


def _judged(product: Product, ledger: Ledger, once: Any, again: Any) -> None:
    ended = product.ended(once["id"], JUDGED_WITHIN)
    assert (ended["status"], ended["error_code"]) == ("failed", "WORKER_LOST")
    until(lambda: ledger.count("END", "again") >= 1, JUDGED_WITHIN, "the second attempt ends")
    second = product.ended(again["id"], JUDGED_WITHIN)
    assert (second["status"], second["attempt"]) == ("completed", 2)
    assert second["root_execution_id"] == second["parent_execution_id"]
    assert ledger.count("START", "once") == 1
    assert ledger.count("END", "once") == 0
    assert ledger.count("START", "again") == 2


def test_a_killed_worker_is_judged_at_once_and_takes_its_jobs_with_it(
    product: Product, tmp_path: Path, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    once, again = _start_two(product, ledger, 3)
    killed = time.monotonic()
    product.kill("worker")
    until(lambda: product.last(once["id"])["status"] == "failed", JUDGED_WITHIN, "judgement")
    figure(f"kill -9 of a worker: judged after {time.monotonic() - killed:.1f} s")
    _judged(product, ledger, once, again)


def test_a_killed_pool_process_hurts_only_its_own_job(product: Product, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    victim = product.create(ledger.script("victim", 4))
    until(lambda: ledger.count("START", "victim"), 10, "the victim runs")
    child = product.pool_child()
    other = product.create(ledger.script("other", 2))
    until(lambda: ledger.count("START", "other"), 10, "the other runs")
    child.kill()
    assert product.ended(victim["id"], JUDGED_WITHIN)["error_code"] == "WORKER_LOST"
    assert product.ended(other["id"], 10)["status"] == "completed"
    assert ledger.count("END", "victim") == 0


def test_three_deaths_of_a_worker_are_poison(product: Product, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    job = product.create(
        'echo "START p" >> ' + str(ledger.path) + "; " + _KILL_THE_POOL_PROCESS, on_lost="retry"
    )
    until(lambda: product.last(job["id"])["status"] == "dead_letter", 30, "the burial")
    ended = product.last(job["id"])
    assert (ended["error_code"], ended["attempt"]) == ("POISON", 3)
    assert ledger.count("START", "p") == 3


#: A job's parent is the fork helper; the parent of that is the pool process.
_KILL_THE_POOL_PROCESS = "kill -9 $(ps -o ppid= -p $PPID); sleep 5"


@pytest.mark.parametrize("role", ["dispatcher", "beat", "api"])
def test_jobs_due_in_a_moment_survive_the_death_of(
    role: str, product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    submitter = Submitter(product, ledger)
    for delay in (1, 1.5, 2, 3):
        for _ in range(5):
            at = datetime.now(UTC) + timedelta(seconds=delay)
            submitter.submit(1, at=at.isoformat())
    assert len(submitter.accepted) == 20
    product.kill(role)
    until(submitter.all_started, 15, "all accepted jobs start")
    time.sleep(1)
    assert set(ledger.starts().values()) == {1}


@pytest.mark.parametrize("role", ["worker", "dispatcher"])
def test_a_worker_that_is_asked_to_end_stops_nobody_else_and_comes_back(
    role: str, product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    submitter = Submitter(product, ledger)
    old = product.role(role)
    old.terminate()
    until(lambda: not old.is_running(), 20, "it ends")
    submitter.submit(5)
    submitter.submit(5, at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())
    until(submitter.all_started, 15, "all accepted jobs start")
    until(product.consumes, 10, "health says that every lane takes messages")
    assert set(ledger.starts().values()) == {1}


@pytest.mark.parametrize("with_data", [True, False])
def test_jobs_survive_the_death_of_the_broker(
    with_data: bool, product: Product, tmp_path: Path, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    submitter = Submitter(product, ledger)
    submitter.submit(60, seconds=0.3)
    broker = product.broker_process()
    if not with_data:
        broker.suspend()
        shutil.rmtree(product.broker_data())
        product.broker_data().mkdir()
    killed = time.monotonic()
    broker.kill()
    submitter.submit(20, pause=0.1, seconds=0.1)
    until(submitter.all_started, 30, "all accepted jobs start")
    figure(
        f"kill -9 of the broker {'with' if with_data else 'without'} its data: "
        f"all {len(submitter.accepted)} started after {time.monotonic() - killed:.1f} s"
    )
    assert len(submitter.accepted) == 80
    time.sleep(4)  # longer than what was said before the death holds
    until(product.consumes, 10, "health says that every lane takes messages")
    assert set(ledger.starts().values()) == {1}


def test_a_silent_broker_costs_nothing_but_time(
    product: Product, tmp_path: Path, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    submitter = Submitter(product, ledger)
    broker = product.broker_process()
    broker.suspend()
    longest = 0.0
    end = time.monotonic() + 20
    while time.monotonic() < end:
        began = time.monotonic()
        submitter.submit(1)
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.2)
    status, _ = product.ask("GET", "/health")
    assert status == 200
    broker.resume()
    until(submitter.all_started, 30, "all accepted jobs start")
    assert submitter.refused == 0
    assert longest < 8
    figure(f"20 s without a broker: longest POST {longest:.1f} s, none lost")
    time.sleep(1)
    assert set(ledger.starts().values()) == {1}


def test_the_death_of_the_api_between_commit_and_publish_loses_nothing(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    broker = product.broker_process()
    broker.suspend()
    script = ledger.script("k")
    thread = threading.Thread(target=lambda: _ignore(lambda: product.create(script)), daemon=True)
    thread.start()
    time.sleep(1)  # the row is committed at once; the publish waits for the silent broker
    for process in product.role("api").children():
        process.kill()
    broker.resume()
    until(lambda: ledger.count("END", "k"), 20, "the committed job runs")
    time.sleep(1)
    assert ledger.count("START", "k") == 1


def _ignore(do: Any) -> None:
    try:
        do()
    except Exception:
        return


def test_a_worker_frozen_beyond_its_lease_writes_nothing_when_it_thaws(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    job = product.create(ledger.script("k", 6), on_lost="retry")
    until(lambda: ledger.count("START", "k"), 10, "the job runs")
    frozen = [product.role("worker"), *product.role("worker").children(recursive=True)]
    for process in frozen:
        process.suspend()
    until(lambda: len(product.executions(job["id"])) == 2, 30, "a second attempt")
    first = product.executions(job["id"])[0]
    assert (first["status"], first["error_code"]) == ("failed", "WORKER_LOST")
    for process in frozen:
        _ignore(process.resume)
    second = product.ended(job["id"], 30)
    assert (second["status"], second["attempt"]) == ("completed", 2)
    assert product.executions(job["id"])[0]["error_code"] == "WORKER_LOST"
    assert ledger.count("END", "k") == 1


def test_a_storm_of_deaths_loses_and_doubles_nothing(
    product: Product, tmp_path: Path, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    submitter = Submitter(product, ledger, on_lost="retry")
    load = threading.Thread(target=lambda: submitter.submit(120, pause=0.12, seconds=0.05))
    load.start()
    for role in ("worker", "dispatcher", "broker", "beat", "api", "worker"):
        time.sleep(2)
        product.kill(role)
    load.join()
    until(submitter.all_started, 40, "all accepted jobs start")
    for job_id in submitter.accepted.values():
        product.ended(job_id, 20)
    lost = len(submitter.accepted.keys() - ledger.starts().keys())
    attempts = {k: len(product.executions(j)) for k, j in submitter.accepted.items()}
    doubled = [k for k, n in ledger.starts().items() if n > attempts.get(k, 1)]
    figure(
        f"storm of six deaths: accepted {len(submitter.accepted)}, refused while the API was "
        f"down {submitter.refused}, lost {lost}, doubled {len(doubled)}, "
        f"second attempts {sum(attempts.values()) - len(attempts)}"
    )
    assert lost == 0
    assert doubled == []


def test_two_installations_on_one_broker_never_meet(
    tmp_path: Path, shared_broker: str, empty_postgresql: str
) -> None:
    ledgers = [Ledger(tmp_path / f"ledger{n}") for n in (1, 2)]
    settings: dict[str, Any] = {"BROKER_URL": shared_broker}
    with (
        running(tmp_path / "one", **settings) as one,
        running(tmp_path / "two", **settings, DATABASE_URL=empty_postgresql) as two,
    ):
        first = Submitter(one, ledgers[0])
        second = Submitter(two, ledgers[1])
        first.submit(30)
        second.submit(30)
        until(first.all_started, 15, "the first's jobs")
        until(second.all_started, 15, "the second's jobs")
        one.role("worker").send_signal(signal.SIGTERM)
        second.submit(5)
        until(second.all_started, 15, "the second is not touched")
    for ledger in ledgers:
        assert set(ledger.starts().values()) == {1}


def test_a_restart_of_postgresql_under_load_loses_and_doubles_nothing(
    tmp_path: Path, own_postgresql: Postgresql, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    address = own_postgresql.new_database()
    with running(tmp_path / "product", DATABASE_URL=address) as product:
        submitter = Submitter(product, ledger)
        load = threading.Thread(target=lambda: submitter.submit(60, pause=0.1, seconds=0.2))
        load.start()
        for mode in ("fast", "immediate"):
            time.sleep(2)
            own_postgresql.stop(mode)
            time.sleep(1)
            own_postgresql.start()
        load.join()
        until(submitter.all_started, 40, "all accepted jobs start")
        ends = [product.ended(job_id, 30)["status"] for job_id in submitter.accepted.values()]
    assert set(ledger.starts().values()) == {1}
    assert set(ends) == {"completed"}
    figure(
        f"PostgreSQL restarted twice: accepted {len(ends)}, refused {submitter.refused}, "
        "lost 0, doubled 0"
    )


def test_a_database_that_is_gone_for_good_does_not_keep_the_product_from_stopping(
    tmp_path: Path, own_postgresql: Postgresql
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    address = own_postgresql.new_database()
    settings: dict[str, Any] = {"DATABASE_URL": address, "SHUTDOWN_GRACE_SECONDS": "1"}
    with running(tmp_path / "product", **settings) as product:
        product.create(ledger.script("k", 1))
        until(lambda: ledger.count("START", "k"), 10, "the job runs")
        own_postgresql.stop("immediate")
        until(lambda: ledger.count("END", "k"), 10, "the job ends, and its end can't be written")
        assert product.stop(seconds=60) == 0
