"""What a user does first, and how the product comes and goes."""

import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.product import ROOT, Ledger, Product, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


def test_a_job_for_now_one_for_soon_and_one_beyond_the_horizon_run_once_and_never_early(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    soon = datetime.now(UTC) + timedelta(seconds=2)
    later = datetime.now(UTC) + timedelta(seconds=12)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    jobs = {
        "now": product.create(ledger.script("now")),
        "soon": product.create(ledger.script("soon"), soon.isoformat()),
        "later": product.create(ledger.script("later"), later.isoformat()),
    }
    distant = product.create(ledger.script("tomorrow"), tomorrow.isoformat())
    for key, job in jobs.items():
        execution = product.ended(job["id"], 25)
        assert execution["status"] == "completed", execution
        assert execution["exit_code"] == 0
        assert execution["lateness_ms"] >= 0
        assert ledger.count("START", key) == ledger.count("END", key) == 1
    assert product.last(distant["id"])["status"] == "scheduled"
    assert ledger.count("START", "tomorrow") == 0


def test_lines_can_be_read_while_the_job_runs(product: Product) -> None:
    job = product.create("echo one; echo two >&2; sleep 30; echo three")

    def lines() -> list[tuple[str, str]]:
        found = product.executions(job["id"])[0]
        _, answer = product.ask("GET", f"/api/executions/{found['id']}/logs")
        return [(line["stream"], line["text"]) for line in answer["data"]]

    until(lambda: sorted(lines()) == [("stderr", "two"), ("stdout", "one")], 5, "two lines")
    assert product.last(job["id"])["status"] == "running"
    status, _ = product.ask("POST", f"/api/jobs/{job['id']}/cancel", {"force": True})
    assert status == 200
    execution = product.ended(job["id"], 10)
    assert (execution["status"], execution["exit_code"]) == ("cancelled", 130)


def test_a_deaf_job_with_a_grandchild_in_its_own_session_is_gone_after_a_cancel(
    product: Product,
) -> None:
    script = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 987' & sleep 987"
    job = product.create(script)

    def sleepers() -> list[int]:
        found = [p for p in product.processes() if "987" in p.cmdline()]
        return [p.pid for p in found]

    until(lambda: len(sleepers()) >= 2, 10, "the job and its grandchild")
    product.ask("POST", f"/api/jobs/{job['id']}/cancel", {})
    assert product.ended(job["id"], 15)["status"] == "cancelled"
    until(lambda: not sleepers(), 5, "all processes of the job are gone")


def test_ctrl_c_stops_all_in_order_and_a_new_start_finds_everything(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with running(tmp_path / "product") as product:
        in_a_while = datetime.now(UTC) + timedelta(seconds=5)
        job = product.create(ledger.script("k"), in_a_while.isoformat())
        assert product.stop(signal.SIGINT) == 0
        time.sleep(max(0.0, (in_a_while - datetime.now(UTC)).total_seconds()))
        product.log.write_text("")
        product.start()
        assert product.ended(job["id"], 10)["status"] == "completed"
    assert ledger.count("START", "k") == 1


def test_a_second_product_on_the_same_folder_is_refused_with_the_number_of_the_first(
    tmp_path: Path,
) -> None:
    with running(tmp_path / "product") as product:
        assert product.process is not None
        second = subprocess.run(
            [ROOT / "oneoff", "serve"],
            env=product.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert str(product.process.pid) in second.stderr


def test_a_long_job_gets_its_grace_at_sigterm_and_is_then_settled(
    product: Product, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    short = product.create(ledger.script("short", 3))
    long = product.create(ledger.script("long", 60))
    again = product.create(ledger.script("again", 60), on_lost="retry")
    until(lambda: len(ledger.starts()) == 3, 10, "all have started")
    assert product.stop() == 0
    assert ledger.count("END", "short") == 1
    product.log.write_text("")
    product.start()
    assert product.ended(short["id"])["status"] == "completed"
    ended = product.ended(long["id"])
    assert (ended["status"], ended["error_code"]) == ("failed", "WORKER_SHUTDOWN")
    until(lambda: ledger.count("START", "again") == 2, 10, "the job to be retried starts again")
    assert ledger.count("START", "long") == 1
    product.ask("POST", f"/api/jobs/{again['id']}/cancel", {"force": True})
