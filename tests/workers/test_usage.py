"""What long work uses is seen while it goes on, and as a whole; its samples stay few."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.db import reading, transaction
from app.domain.clock import now
from app.models import Execution, UsageSample
from app.services import logs
from app.services.usage import samples
from app.services.usage.samples import Sample
from tests.support.rows import make_execution, make_job
from tests.workers.executors.recorder import eventually
from workers.executors.base import Options, Reading
from workers.executors.gauges import gauge, process_tree
from workers.executors.gauges.gauge import Gauge
from workers.runner import Runner
from workers.usage import UsageMeter, write

MIB = 1024**2
#: Takes 150 MiB, says so, and burns a core for so many seconds, or until a file is there.
BURN = """
import os, sys, time
held = bytearray(150 * 1024**2)
for place in range(0, len(held), 4096):
    held[place] = 1
print("filled", flush=True)
if sys.argv[1] == "until":
    open(sys.argv[2] + ".filled", "w").close()
    while not os.path.exists(sys.argv[2]):
        sum(range(10_000))
else:
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        sum(range(10_000))
"""


@pytest.fixture
def runner(database: str, tmp_path: Path) -> Iterator[Runner]:
    """A runner of the queue ``default``, with its heartbeat."""
    made = Runner(
        worker="w" * 32,
        queues=lambda _session: ["default"],
        options=Options(tmp_path),
        lease=6.0,
        grace=0.0,
        max_output_bytes=10_000,
    )
    made.start()
    yield made
    close_executors(made)


def close_executors(runner: Runner) -> None:
    """End the helpers of the calling thread's slot."""
    for executor in getattr(runner._performer._local, "executors", {}).values():
        executor.close()


@pytest.fixture
def burning(tmp_path: Path) -> Path:
    path = tmp_path / "burn.py"
    path.write_text(BURN)
    return path


@pytest.fixture
def run(runner: Runner, real_broker: None) -> Callable[[str], str]:
    """Run a script to its end as a worker does; return the id of the execution."""

    def run_script(script: str) -> str:
        with transaction() as session:
            job = make_job(session, config=json.dumps({"script": script}), version=1)
            row_id: str = make_execution(session, job, "queued")
        runner.drain()
        return row_id

    return run_script


def row_of(row_id: str) -> Any:
    with reading() as session:
        return session.get_one(Execution, row_id)


def kept(row_id: str) -> list[dict[str, Any]]:
    with reading() as session:
        return samples.of_execution(session, row_id)


def filled_at(row_id: str) -> Any:
    """Return when a script has said that its memory is filled."""
    with reading() as session:
        said = logs.lines(session, row_id, 0, 10)
    return next(line["time"] for line in said if line["text"] == "filled")


@pytest.fixture
def enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once a script with its memory filled was looked at some times.

    Between the first of these and the second its words are read at the latest.
    """
    path, filled = tmp_path / "enough", tmp_path / "enough.filled"
    looked: list[bool] = []
    read = process_tree.ProcessTree.read

    def counted(self: process_tree.ProcessTree) -> Reading | None:
        looked.append(filled.exists())
        found = read(self)
        if sum(looked) > 2:  # the one before has been noted, and this one will be
            path.touch()
        return found

    monkeypatch.setattr(process_tree.ProcessTree, "read", counted)
    return path


class TestRealProcesses:
    def test_what_a_script_uses_is_seen_while_it_runs_and_afterwards(self, run, burning, enough):
        row_id = run(f"exec python3 {burning} until {enough}")
        row, found = row_of(row_id), kept(row_id)
        assert row.status == "completed", row.error
        # On a busy machine it has not taken all of it when it is first looked at.
        full = [one for one in found if one["timestamp"] > filled_at(row_id)]
        assert len(full) >= 2
        assert all(150 * MIB < one["memory_bytes"] < 250 * MIB for one in full), full
        assert all(0 < one["memory_percent"] < 100 for one in found)
        # It was alone for some of the time, however busy the machine is.
        assert 5 < max(one["cpu_percent"] for one in found) < 130
        assert row.max_rss_bytes >= max(one["memory_bytes"] for one in found)
        assert row.max_cpu_percent == max(one["cpu_percent"] for one in found)
        assert 0 < row.mean_rss_bytes <= row.max_rss_bytes

    def test_children_count_whatever_their_session(self, run, burning):
        script = f"""
            python3 {burning} 4 &
            setsid python3 {burning} 4 &
            wait
            sleep 0.2
            while pgrep -f {burning} >/dev/null; do sleep 0.1; done
        """
        row = row_of(run(script))
        assert row.status == "completed", row.error
        # No process had as much: it is what all of them had together.
        assert row.max_rss_bytes > 300 * MIB

    def test_what_ends_within_a_second_leaves_no_sample(self, run, monkeypatch):
        looked = []
        monkeypatch.setattr(process_tree.ProcessTree, "read", lambda self: looked.append(1))
        row_id = run("true")
        row = row_of(row_id)
        assert (row.status, kept(row_id), looked) == ("completed", [], [])
        assert (row.max_cpu_percent, row.mean_rss_bytes) == (None, None)
        assert row.max_rss_bytes > 0

    def test_samples_are_there_while_it_runs(self, runner, real_broker, monkeypatch):
        monkeypatch.setattr(gauge, "FIRST_SAMPLE_SECONDS", 0.1)
        monkeypatch.setattr(gauge, "SAMPLE_SECONDS", 0.1)
        with transaction() as session:
            job = make_job(session, config=json.dumps({"script": "sleep 60"}), version=1)
            row_id: str = make_execution(session, job, "queued")

        def drain() -> None:
            runner.drain()
            close_executors(runner)

        with Threaded(drain):
            assert eventually(lambda: len(kept(row_id)) > 3)
            assert row_of(row_id).status == "running"
            runner.flights.get(row_id).stop.set("force")
        assert row_of(row_id).status == "cancelled"

    def test_a_gauge_that_fails_fails_no_job(self, run, monkeypatch):
        def fail(self: Any) -> Reading:
            raise RuntimeError("no such luck")

        monkeypatch.setattr(gauge, "FIRST_SAMPLE_SECONDS", 0.05)
        monkeypatch.setattr(process_tree.ProcessTree, "read", fail)
        row_id = run("sleep 0.3")
        assert (row_of(row_id).status, kept(row_id)) == ("completed", [])

    def test_a_tree_that_has_gone_is_no_reading(self):
        assert process_tree.ProcessTree(2**22 + 1).read() is None


class Threaded:
    """Runs something beside the test, and waits for its end."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=work)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


class TestGauge:
    def test_the_first_look_is_after_a_second_and_then_each_two(self):
        told: list[float] = []

        def look() -> None:
            told.append(moment)

        watched = Gauge(look, UsageMeter(), began=100.0)
        for tenth in range(1000, 1100):
            moment = tenth / 10
            watched.look(moment)
        assert told == [101.0, 103.0, 105.0, 107.0, 109.0]

    def test_a_long_wait_is_not_made_up_for(self):
        watched = Gauge(lambda: None, UsageMeter(), began=0.0)
        watched.look(60.0)
        assert watched.due == 60.0
        watched.look(60.0)
        assert watched.due == 62.0


READINGS = st.lists(
    st.tuples(st.floats(0.01, 10), st.floats(0, 40), st.integers(1, 10**12)), max_size=80
)


class TestMeter:
    @given(READINGS, st.integers(2, 9))
    def test_however_long_it_takes_few_samples_cover_all_of_it(self, steps, most):
        meter = UsageMeter(most=most)
        seconds = cpu = 0.0
        for passed, used, memory in steps:
            seconds, cpu = seconds + passed, cpu + used
            meter.note(seconds, Reading(cpu, memory, 0))
        whole = meter.end()
        spans = meter._spans
        assert len(spans) <= most
        assert sum(span.seconds for span in spans) == pytest.approx(seconds)
        told = sum(span.seconds * span.sample.cpu_percent / 100 for span in spans)
        assert told == pytest.approx(cpu, rel=0.01, abs=0.01 * len(steps))
        peak = max((memory for *_, memory in steps), default=None)
        assert whole.max_memory_bytes == peak
        assert max((span.sample.memory_bytes for span in spans), default=None) == peak

    @given(READINGS, st.integers(2, 9), st.randoms(use_true_random=False))
    def test_what_is_written_is_in_the_end_what_there_is(self, steps, most, dice):
        meter, seconds = UsageMeter(most=most), 0.0
        rows: list[Sample] = []

        def write_some() -> None:
            batch = meter.pending()
            if batch is not None and dice.random() < 0.7:  # else the commit failed
                rows[:] = batch.samples if batch.replaces else rows + batch.samples
                meter.written(batch)

        for passed, used, memory in steps:
            seconds += passed
            meter.note(seconds, Reading(used, memory, 0))
            write_some()
        meter.end()
        while meter.pending() is not None:
            write_some()
        assert rows == [span.sample for span in meter._spans]


class TestRows:
    @pytest.fixture
    def row_id(self, database):
        with transaction() as session:
            return make_execution(session, make_job(session), "running")

    def batch(self, *bytes_):
        return [Sample(now() + timedelta(seconds=n), 1.0, b, None) for n, b in enumerate(bytes_)]

    def test_written_twice_they_are_there_once(self, row_id):
        batch = self.batch(1, 2)
        for _ in range(2):
            with transaction() as session:
                samples.write(session, row_id, 1, batch)
        assert [one["memory_bytes"] for one in kept(row_id)] == [1, 2]

    def test_merged_ones_take_the_place_of_those_before(self, row_id):
        with transaction() as session:
            samples.write(session, row_id, 1, self.batch(1, 2, 3))
            samples.write(session, row_id, 1, self.batch(4), replaces=True)
        assert [one["memory_bytes"] for one in kept(row_id)] == [4]

    @pytest.mark.parametrize("replaces", [True, False])
    def test_who_has_lost_an_execution_writes_nothing_of_it(self, row_id, replaces):
        with transaction() as session:
            samples.write(session, row_id, 1, self.batch(1))
            samples.write(session, row_id, 7, self.batch(2), replaces=replaces)
            samples.write(session, "f" * 32, 1, self.batch(3), replaces=replaces)
        assert [one["memory_bytes"] for one in kept(row_id)] == [1]

    def test_they_go_with_their_execution(self, row_id):
        with transaction() as session:
            samples.write(session, row_id, 1, self.batch(1))
            session.execute(sa.delete(Execution))
            assert session.scalar(sa.select(sa.func.count()).select_from(UsageSample)) == 0

    def test_what_cant_be_written_hinders_nothing_and_comes_later(self, row_id, monkeypatch):
        meter = UsageMeter()
        meter.note(1.0, Reading(1.0, 5, 0))

        def fail(*_: Any, **__: Any) -> None:
            raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

        with monkeypatch.context() as patched, transaction() as session:
            patched.setattr(samples, "write", fail)
            write(session, [(row_id, 1, meter)])
            session.execute(sa.update(Execution).values(error="written"))
        assert (row_of(row_id).error, kept(row_id)) == ("written", [])
        with transaction() as session:
            write(session, [(row_id, 1, meter)])
        assert [one["memory_bytes"] for one in kept(row_id)] == [5]
        assert meter.pending() is None
