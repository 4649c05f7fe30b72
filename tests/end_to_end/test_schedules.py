"""Schedules by real processes: every moment once, whoever dies and however clocks are changed."""

import itertools
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Ledger, Product, free_port, running, until
from tests.support.servers import Postgresql, missing

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]

#: How long the schedules are watched, and how often the clock process is killed.
WATCHED_SECONDS, KILLED_EVERY = 60, 10
JOBS = 50


@pytest.fixture(params=["sqlite", "postgresql"])
def scheduling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Product]:
    """The product on each of the two databases."""
    settings = {}
    if request.param == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("empty_postgresql")
    with running(tmp_path / "product", **settings) as started:
        yield started


def _recurring(product: Product, script: str, schedule: dict[str, Any], **over: Any) -> Any:
    body = {"name": "t", "type": "shell", "config": {"script": script}, "schedule": schedule}
    status, answer = product.ask("POST", "/api/jobs", body | over)
    assert status == 201, answer
    return answer["data"]


def _all_rows(product: Product, job_id: str) -> list[dict[str, Any]]:
    rows, cursor = [], ""
    while True:
        path = f"/api/executions?job_id={job_id}&include=all&limit=1000{cursor}"
        answer = until(partial(_answered, product, path), 20, "the list is answered")
        rows += answer["data"]
        if not answer["next_cursor"]:
            return sorted(rows, key=lambda row: row["due_at"])
        cursor = f"&cursor={answer['next_cursor']}"


def _answered(product: Product, path: str) -> Any:
    """Return an answer; a database whose clock is changed cuts its connections."""
    status, answer = product.ask("GET", path)
    assert status in {200, 503}, answer
    return answer if status == 200 else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_no_moment_is_missing_or_doubled_while_the_leader_is_killed(
    scheduling: Product, tmp_path: Path, figure: Any
) -> None:
    ledger = Ledger(tmp_path / "ledger")
    jobs = {}
    for number in range(JOBS):
        seconds = 1 + number % 3
        schedule = {"type": "fixed_rate", "interval_seconds": seconds}
        script = f'echo "START {number}" >> {ledger.path}'
        job = _recurring(scheduling, script, schedule, overlap="allow")
        jobs[job["id"]] = (number, seconds)
    began = time.monotonic()
    while time.monotonic() < began + WATCHED_SECONDS:
        time.sleep(KILLED_EVERY)  # how often the leader dies is what this test is about
        scheduling.kill("beat")
    stopped = {}
    for job_id in jobs:
        stopped[job_id] = datetime.now(UTC)
        by_hand = {"schedule": {"type": "manual"}}
        status, answer = scheduling.ask("PATCH", f"/api/jobs/{job_id}", by_hand)
        assert status == 200, answer
    until(lambda: _nothing_waits(scheduling), 60, "what was due has run")
    latest = 0.0
    for job_id, (number, seconds) in jobs.items():
        rows = _all_rows(scheduling, job_id)
        due = [_moment(row["due_at"]) for row in rows]
        gaps = Counter(b - a for a, b in itertools.pairwise(due))
        assert gaps.keys() == {timedelta(seconds=seconds)}, (seconds, gaps)
        assert due[-1] >= stopped[job_id] - timedelta(seconds=seconds + 1)
        assert {row["status"] for row in rows} == {"completed"}
        assert ledger.count("START", str(number)) == len(rows)
        latest = max(latest, *(row["lateness_ms"] for row in rows))
    figure(f"{JOBS} schedules, leader killed each {KILLED_EVERY} s: latest start {latest:.0f} ms")


def _nothing_waits(product: Product) -> bool:
    _, answer = product.ask("GET", "/api/executions?status=queued&status=running&status=scheduled")
    return bool(answer["total"] == 0)


#: Nights in which clocks are changed, a time of day that does not exist then or exists twice, and
#: when it is due: at once after the gap, or the first time.
NIGHTS = [
    ("America/New_York", "30 2 * * *", "2026-03-08T07:00:00Z"),
    ("Europe/Berlin", "30 2 * * *", "2026-03-29T01:00:00Z"),
    ("Australia/Sydney", "30 2 * * *", "2026-04-04T15:30:00Z"),
    ("Australia/Sydney", "30 2 * * *", "2026-10-03T16:00:00Z"),
    ("Europe/Berlin", "30 2 * * *", "2026-10-25T00:30:00Z"),
    ("America/New_York", "30 1 * * *", "2026-11-01T05:30:00Z"),
]


class SteppedClock:
    """The clock of a database, by which all is decided: it can be set, and goes on from there."""

    def __init__(self, server: Postgresql) -> None:
        self.file = server.folder / "clock"
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not libraries:
            missing("libfaketime (Debian: apt-get install faketime)")
        server.environ = {
            "LD_PRELOAD": str(libraries[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def set(self, moment: datetime) -> None:
        """Have the clock show this moment now."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{(moment - datetime.now(UTC)).total_seconds():+.3f}\n")
        fresh.chmod(0o644)
        fresh.replace(self.file)


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[tuple[Product, SteppedClock]]:
    """The product on a database whose clock is changed."""
    folder = Path(tempfile.mkdtemp(prefix="oneoff-pg-"))
    server = Postgresql(folder, free_port())
    clock = SteppedClock(server)
    clock.set(_moment("2026-03-01T12:00:00Z"))
    server.start()
    try:
        with running(tmp_path / "product", DATABASE_URL=server.new_database()) as product:
            yield product, clock
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def test_both_changes_of_the_clocks_in_three_zones(
    stepped: tuple[Product, SteppedClock],
) -> None:
    product, clock = stepped
    jobs = {}
    for night in NIGHTS:
        schedule = {"type": "cron", "timezone": night[0], "expression": night[1]}
        if night[:2] not in jobs:
            jobs[night[:2]] = _planned_by_the_database(product, schedule)
    for zone, cron, due in NIGHTS:
        clock.set(_moment(due) - timedelta(seconds=4))
        job_id = jobs[zone, cron]
        until(partial(_ran, product, job_id, due), 40, f"{zone} at {due}")
    for key, job_id in jobs.items():
        rows = _all_rows(product, job_id)
        ran = [_moment(row["due_at"]) for row in rows if row["status"] == "completed"]
        assert ran == [_moment(night[2]) for night in NIGHTS if night[:2] == key]
        passed = [row for row in rows if row["status"] == "skipped"]
        assert all(row["reason"].startswith("missed") for row in passed)
        assert len({row["due_at"] for row in rows}) == len(rows)


def _planned_by_the_database(product: Product, schedule: dict[str, Any]) -> str:
    """Make a job. It is planned by our clock, months ahead; an edit plans it by the database's."""
    job_id = str(_recurring(product, "true", schedule, misfire="skip")["id"])
    change = {"schedule": {**schedule, "jitter_seconds": 0}}
    assert product.ask("PATCH", f"/api/jobs/{job_id}", change)[0] == 200
    return job_id


def _ran(product: Product, job_id: str, due: str) -> bool:
    rows = _all_rows(product, job_id)
    done = [row for row in rows if row["status"] == "completed"]
    return any(_moment(row["due_at"]) == _moment(due) for row in done)
