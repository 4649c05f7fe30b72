"""The product in the background: ``oneoff start | stop | restart | status``."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.cli.folder_lock import lives
from tests.end_to_end.product import Ledger, Product, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


class Daemon(Product):
    """One installation that is started and stopped by commands."""

    def begin(self, *words: str) -> int:
        """Start it in the background; return the number of its main process."""
        done = self.run("start", *words)
        assert done.returncode == 0, done.stderr
        return int((self.data / "oneoff.pid").read_text())

    def status(self, code: int = 0) -> dict[str, Any]:
        """Ask how it is, and check the exit code."""
        done = self.run("status", "--json")
        assert done.returncode == code, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """An installation that is not started yet; nothing is left of it."""
    made = Daemon(tmp_path / "product", LOG_LEVEL="debug")
    try:
        yield made
    finally:
        made.destroy()


def test_it_starts_says_how_it_is_and_stops(daemon: Daemon, tmp_path: Path) -> None:
    assert daemon.status(3)["running"] is False
    done = daemon.run("start")
    assert done.returncode == 0, done.stderr
    number = (daemon.data / "oneoff.pid").read_text().strip()
    log = daemon.data / "logs" / "oneoff.log"
    for part in (f"http://localhost:{daemon.port}", number, str(log)):
        assert part in done.stdout
    main = psutil.Process(int(number))
    assert os.getsid(main.pid) == main.pid
    assert Path(f"/proc/{number}/fd/0").readlink() == Path("/dev/null")
    ledger = Ledger(tmp_path / "ledger")
    daemon.create(ledger.script("long", 30))
    until(lambda: ledger.count("START", "long"), 10, "the job runs")
    report = daemon.status()
    assert (report["well"], report["pid"]) == (True, main.pid)
    assert report["uptime_seconds"] > 0
    assert report["address"] == f"http://localhost:{daemon.port}"
    assert report["jobs"] == {"running": 1, "queued": 0, "scheduled": 0}
    again = daemon.run("start")
    assert again.returncode == 1
    assert number in again.stderr
    stopped = daemon.run("stop")
    assert stopped.returncode == 0
    assert "stopped after" in stopped.stdout
    assert daemon.processes() == []
    assert '"message": "stopping' in log.read_text()
    assert daemon.run("stop").returncode == daemon.run("status").returncode == 3


def test_status_finds_a_product_that_listens_where_its_flags_said(daemon: Daemon) -> None:
    daemon.begin()
    daemon.environ["PORT"] = "1"
    report = daemon.status()
    assert (report["well"], report["address"]) == (True, f"http://localhost:{daemon.port}")
    text = daemon.run("status").stdout
    assert "is running and well" in text


def test_a_start_that_fails_says_why(daemon: Daemon) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", daemon.port))
        taken.listen()
        done = daemon.run("start", "--host", "127.0.0.1")
    assert done.returncode == 1
    assert "did not start" in done.stderr
    assert f"can't listen on 127.0.0.1:{daemon.port}" in done.stderr
    assert daemon.processes() == []


def test_a_restart_works_whether_it_runs_or_not(daemon: Daemon) -> None:
    assert daemon.run("restart").returncode == 0
    first = daemon.status()["pid"]
    assert daemon.run("restart").returncode == 0
    assert daemon.status()["pid"] != first


def test_what_does_not_stop_in_time_is_killed_with_all_it_has_started(
    daemon: Daemon, tmp_path: Path
) -> None:
    daemon.begin()
    ledger = Ledger(tmp_path / "ledger")
    deaf = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 987' & "
    daemon.create(deaf + ledger.script("deaf", 987))
    until(lambda: ledger.count("START", "deaf"), 10, "the job runs")
    tree = daemon.processes()
    assert any("987" in process.cmdline() for process in tree)
    done = daemon.run("stop", "--timeout", "0.5")
    assert done.returncode == 0
    assert "killed" in done.stderr
    assert [process for process in tree if lives(process)] == []
    assert daemon.processes() == []
    daemon.begin()
    assert daemon.status()["well"]


def test_a_number_left_behind_is_no_obstacle_and_nobody_is_signalled_for_it(
    daemon: Daemon,
) -> None:
    daemon.data.mkdir(parents=True)
    with subprocess.Popen(["sleep", "100"]) as stranger:
        (daemon.data / "oneoff.pid").write_text(f"{stranger.pid}\n")
        assert daemon.run("stop").returncode == 3
        daemon.begin()
        assert daemon.run("stop").returncode == 0
        assert stranger.poll() is None
        stranger.kill()


def test_what_a_killed_main_process_leaves_can_be_stopped(daemon: Daemon, tmp_path: Path) -> None:
    number = daemon.begin()
    ledger = Ledger(tmp_path / "ledger")
    daemon.create("trap '' TERM; " + ledger.script("long", 60))
    until(lambda: ledger.count("START", "long"), 10, "the job runs")
    os.kill(number, signal.SIGKILL)
    assert daemon.status(1)["running"]
    assert daemon.run("stop").returncode == 0
    assert daemon.processes() == []


def test_a_product_whose_workers_are_halted_is_not_well(daemon: Daemon) -> None:
    number = daemon.begin()
    titled = {" ".join(p.cmdline()).strip(): p for p in psutil.Process(number).children()}
    titled["oneoff: worker"].suspend()
    until(lambda: daemon.run("status").returncode == 1, 40, "it is noticed")
    assert daemon.status(1)["problems"] == ["nobody serves: run"]
    daemon.run("stop", "--timeout", "1")
    assert daemon.processes() == []


def test_logs_are_put_aside_by_size_and_a_renamed_one_is_opened_anew_at_a_hangup(
    daemon: Daemon,
) -> None:
    daemon.environ |= {"LOG_MAX_BYTES": "3000", "LOG_KEEP": "2"}
    number = daemon.begin()
    logs = daemon.data / "logs"
    for _ in range(3):
        daemon.ended(daemon.create("true")["id"])
    until((logs / "oneoff.log.2").exists, 30, "two logs put aside")
    assert not (logs / "oneoff.log.3").exists()
    (logs / "oneoff.log").rename(logs / "taken-away")
    os.kill(number, signal.SIGHUP)
    until((logs / "oneoff.log").exists, 5, "a new log")
    assert daemon.status()["pid"] == number
    fds = [Path(f"/proc/{number}/fd/{output}").readlink() for output in (1, 2)]
    assert fds == [logs / "oneoff.log"] * 2
    (logs / "broker.log").write_text("x" * 4000)
    until((logs / "broker.log.1").exists, 5, "the broker's log is put aside")
