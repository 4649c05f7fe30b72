"""Starting a job and staying with it; reading what executions printed."""

import json
import signal
import subprocess
import threading
import time

import pytest

from app.cli.remote.runs import exit_code
from app.client import Execution
from app.db import transaction
from app.services import executions
from app.services.executions import Owner
from tests.app.api.test_executions import chunk
from tests.app.cli.conftest import COMMAND, environment
from tests.app.cli.test_jobs import ended
from tests.app.client.test_client import lose
from tests.support.api import claim_one, get, make, rows_of, settle

database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def claim_soon():
    """Start the next execution as soon as there is one."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with transaction() as session:
            owner = Owner("worker-1", "1.0")
            found = executions.claim(session, owner, ["default"], 1, 60, oldest=False)
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError("nothing was started")


@pytest.fixture
def worker():
    """Return a function that has the next execution performed by a function."""
    threads = []

    def perform(work):
        threads.append(threading.Thread(target=lambda: work(claim_soon())))
        threads[-1].start()

    yield perform
    for thread in threads:
        thread.join()


@pytest.fixture
def popen(api_url, tmp_path):
    """Return a function that starts a command and returns its process."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment(tmp_path, api_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@database
class TestRun:
    def test_the_id_of_the_execution_is_printed(self, oneoff, client):
        job = make(client)
        words = ("--env", "A=b=c", "--arg", "-x", "--body", "@in.txt")
        done = oneoff("jobs", "run", job["id"], *words)
        ended(done, 2)
        assert "'in.txt' can't be read" in done.stderr
        done = oneoff("jobs", "run", job["id"], *words[:4], "--body", "-", text="in")
        (row,) = rows_of(client, job["id"])
        assert ended(done).strip() == row["id"]
        assert row["parameters"] == {"env": {"A": "***"}, "args": ["-x"], "body": "***"}

    def test_a_start_may_have_a_priority_of_its_own_and_go_beside_others(self, oneoff, client):
        job = make(client, priority=2, scheduled_at="now", overlap="skip")
        claim_one()
        done = oneoff("jobs", "run", job["id"], "--priority", "9", "--skip-overlap")
        row, _ = rows_of(client, job["id"])
        assert (ended(done).strip(), row["priority"]) == (row["id"], 9)
        wrong = oneoff("jobs", "run", job["id"], "--priority", "11")
        ended(wrong, 2)
        assert "--priority" in wrong.stderr

    def test_waiting_leaves_with_the_exit_code_and_the_output(self, oneoff, client, worker):
        job = make(client)

        def work(claim):
            chunk(claim, 1, ("stdout", "hello\n"))
            settle(claim, "failed", exit_code=7, error="no luck", output_tail="hello\n")

        worker(work)
        done = oneoff("jobs", "run", job["id"], "--wait")
        assert ended(done, 7) == "hello\n"
        assert "failed (no luck)" in done.stderr

    def test_following_prints_lines_and_json_ends_with_the_execution(self, oneoff, client, worker):
        job = make(client)

        def work(claim):
            chunk(claim, 1, ("stdout", "one\n"), ("stderr", "two\n"))
            settle(claim, exit_code=0)

        worker(work)
        done = oneoff("jobs", "run", job["id"], "--follow", "--json")
        one, two, last = (json.loads(line) for line in ended(done).splitlines())
        assert (one["text"], two["stream"]) == ("one", "stderr")
        assert last["execution"]["status"] == "completed"

    def test_what_a_job_is_to_do_is_tried_to_its_end(self, oneoff, client, worker):
        def work(claim):
            chunk(claim, 1, ("stdout", "hello\n"))
            settle(claim, "failed", exit_code=7, error="no luck")

        worker(work)
        done = oneoff("jobs", "try", "--script", "echo hello; exit 7", "--env", "A=b")
        assert ended(done, 7) == "hello\n"
        assert "failed (no luck)" in done.stderr
        (job,) = get(client, "/api/jobs")["data"]
        assert (job["name"], job["spec"]["env"]) == ("Try: shell", {"A": "b"})
        done = oneoff("jobs", "try", "--timeout", 5)
        ended(done, 2)
        assert "say what to run" in done.stderr

    def test_time_that_is_over_is_exit_1_and_says_that_it_goes_on(self, oneoff, client):
        done = oneoff("jobs", "run", make(client)["id"], "--wait", "0.1")
        ended(done, 1)
        assert "it goes on" in done.stderr

    def test_a_lost_attempt_is_followed_by_the_next(self, oneoff, client, worker):
        job = make(client, on_lost="retry")

        def work(claim):
            lose(claim)
            settle(claim_soon(), exit_code=0)

        worker(work)
        done = oneoff("jobs", "run", job["id"], "--wait=20")
        ended(done)
        assert "going on with attempt 2" in done.stderr

    def test_what_is_no_time_is_explained(self, oneoff, client):
        done = oneoff("jobs", "run", "--wait", make(client)["id"])
        ended(done, 2)
        assert "put --wait behind the job" in done.stderr

    def test_ctrl_c_leaves_130_and_the_job_alone(self, popen, client):
        job = make(client)
        process = popen("jobs", "run", job["id"], "--wait")
        claim = claim_soon()
        chunk(claim, 1, ("stdout", "x\n"))
        time.sleep(0.3)  # it may be anywhere between start and poll
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, "Traceback" in err) == (130, "", False)
        assert f"oneoff executions cancel {claim.id}" in err
        assert get(client, f"/api/executions/{claim.id}")["data"]["status"] == "running"


FULL = {
    "id": "1",
    "root_execution_id": "1",
    "job_id": "2",
    "job_name": "j",
    "number": 1,
    "attempt": 1,
    "origin": "api",
    "queue": "default",
    "priority": 5,
    "due_at": "2030-01-01T00:00:00Z",
    "run_at": "2030-01-01T00:00:00Z",
    "created_at": "2030-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        ("completed", 0, 0),
        ("failed", 42, 42),
        ("cancelled", 130, 130),
        ("timeout", 124, 124),
        ("completed", None, 0),
        ("failed", None, 1),
        ("cancelled", None, 130),
        ("timeout", None, 124),
        ("skipped", None, 1),
        ("dead_letter", None, 1),
        ("running", None, 1),
    ],
)
def test_every_end_has_an_exit_code(status, code, expected):
    assert exit_code(Execution.read({**FULL, "status": status, "exit_code": code})) == expected


@database
class TestExecutions:
    def test_they_are_listed_and_shown(self, oneoff, client):
        job = make(client, name="x", scheduled_at="now")
        claim = claim_one()
        settle(claim, "failed", error="bad\nluck", error_code="EXIT_CODE", output_tail="out\n")
        make(client, name="later")
        table = ended(oneoff("executions", "list", "--job", "x"))
        assert "x #1" in table
        assert "bad" in table.splitlines()[1]
        rows = json.loads(ended(oneoff("executions", "list", "--waiting", "--json")))
        assert (rows["total"], len(rows["data"])) == (2, 2)
        shown = ended(oneoff("executions", "show", claim.id))
        assert "EXIT_CODE" in shown
        assert "\noutput:\nout\n" in shown
        assert job["id"] in shown
        done = oneoff("executions", "list", "--status", "running")
        assert (ended(done), "no such executions" in done.stderr) == ("", True)

    def test_lines_are_printed_plain_timed_by_stream_and_as_json(self, oneoff, client):
        make(client, scheduled_at="now")
        claim = claim_one()
        chunk(claim, 1, ("stdout", "one\nzwei ü\n"), ("stderr", "oh\n"))
        logs = ("executions", "logs", claim.id)
        assert ended(oneoff(*logs)) == "one\nzwei ü\noh\n"
        assert ended(oneoff(*logs, "--stream", "stderr")) == "oh\n"
        assert ended(oneoff(*logs, "--after", 2, "-t")).startswith("20")
        lines = json.loads(ended(oneoff(*logs, "--json")))["data"]
        assert [line["number"] for line in lines] == [1, 2, 3]

    def test_following_ends_with_the_execution(self, popen, client):
        make(client, scheduled_at="now")
        claim = claim_one()
        process = popen("executions", "logs", "-f", claim.id)
        for number in (1, 2):
            chunk(claim, number, ("stdout", f"line {number}\n"))
            assert process.stdout.readline() == f"line {number}\n"
        settle(claim)
        assert (process.wait(20), process.stdout.read()) == (0, "")

    def test_ctrl_c_ends_following_with_130_and_whole_lines_of_json(self, popen, client):
        make(client, scheduled_at="now")
        claim = claim_one()
        chunk(claim, 1, ("stdout", "x\n"))
        process = popen("executions", "logs", "-f", claim.id, "--json")
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, json.loads(first)["text"], out) == (130, "x", "")
        assert "Traceback" not in err

    def test_one_is_cancelled(self, oneoff, client):
        (row,) = rows_of(client, make(client)["id"])
        assert ended(oneoff("executions", "cancel", row["id"])) == f"{row['id']}: cancelled\n"
        assert "Execution not found" in oneoff("executions", "show", "0" * 32).stderr
        done = oneoff("executions", "cancel", "nightly")
        ended(done, 1)
        assert "no id of an execution" in done.stderr
