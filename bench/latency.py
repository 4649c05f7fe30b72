"""What a single job waits for: P-15 inside the worker, P-17 from the request to its start."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from app.domain.specs.shell import ShellSpec
from bench import marks, rival_app
from bench.figures import Bench, with_rival
from bench.product import ALL, Product
from bench.rival import Rival
from bench.stage import Stage, until
from bench.table import Row, median, percentile
from workers.executors.base import Context, Options, Outcome, Parameters, Stream
from workers.executors.shell import ShellExecutor
from workers.executors.stop import StopSignal

_PAUSE = 0.03


class _Discard:
    """Takes output and forgets it."""

    def write(self, stream: Stream, data: bytes) -> None:
        """Forget."""


def shell_cost(bench: Bench) -> Iterator[Row]:
    """P-15: what a shell job takes longer inside the worker than a bare Popen."""
    count = bench.size(300, 60)
    with Stage() as stage:
        executor = ShellExecutor(Options(stage.folder))
        try:
            _perform(executor)
            bare = _times(_popen, count)
            ours = _times(lambda: _perform(executor), count)
            bare += _times(_popen, count)
        finally:
            executor.close()
    added = (median(ours) - median(bare)) * 1000
    what = "added to a shell job (beside: a bare Popen)"
    yield Row("P-15", what, "-", added, "ms", 2, 1, median(bare) * 1000)


def _times(run: object, count: int) -> list[float]:
    assert callable(run)
    found = []
    for _ in range(count):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return found


def _popen() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "echo hi"], stdout=subprocess.PIPE) as process:
        process.communicate()


def _perform(executor: ShellExecutor) -> Outcome:
    stop = StopSignal()
    try:
        outcome = executor.perform(ShellSpec(script="echo hi"), _context(stop))
    finally:
        stop.close()
    assert outcome.exit_code == 0, outcome
    return outcome


def _context(stop: StopSignal) -> Context:
    return Context(
        execution_id="0" * 32,
        root_execution_id="0" * 32,
        job_id="0" * 32,
        job_name="bench",
        attempt=1,
        deadline=time.monotonic() + 60,
        traceparent="",
        parameters=Parameters(),
        output=_Discard(),
        stop=stop,
    )


def request_to_start(bench: Bench) -> Iterator[Row]:
    """P-17: from the moment before a POST to the first line of the job, nothing else going on."""
    count = bench.size(200, 30)
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start(*ALL, "api")
        path = stage.folder / "marks"
        before: list[float] = []
        theirs: list[float] = []
        with_rival(stage, lambda rival: _delays(rival, theirs, count))
        ours = _posts(product, path, before, count)
        with_rival(stage, lambda rival: _delays(rival, theirs, count))
    for percent, floor, goal in ((50, 15, 6), (99, 40, 15)):
        mine, other = (percentile(values, percent) * 1000 for values in (ours, theirs))
        what = f"idle POST to start, p{percent}"
        yield Row("P-17", what, bench.database, mine, "ms", floor, goal, other)


def _posts(product: Product, path: Path, sent: list[float], count: int) -> list[float]:
    connection = http.client.HTTPConnection(product.settings.host, product.settings.port)
    until(lambda: _answers(connection), 30, "the API answers", 0.1)
    for number in range(count):
        sent.append(time.time())
        _post(connection, f"post-{number}", path)
        until(lambda: marks.count(path) > number, 30, "the job starts", 0.002)  # noqa: B023
        time.sleep(_PAUSE)
    connection.close()
    started = marks.read(path)
    return [started[f"post-{n}"][0] - moment for n, moment in enumerate(sent)][5:]


def _answers(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().read() is not None
    except OSError:
        connection.close()
        return False


def _post(connection: http.client.HTTPConnection, name: str, path: Path) -> None:
    job = {
        "name": name,
        "type": "noop",
        "config": {"marks": str(path)},
        "scheduled_at": "now",
    }
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/jobs", json.dumps(job), headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 201, body


def _delays(rival: Rival, found: list[float], count: int) -> float:
    sent = {}
    for number in range(count):
        name = f"delay-{rival.number}-{number}"
        sent[name] = time.time()
        rival_app.mark.delay(str(rival.marks), name)
        time.sleep(_PAUSE)
    until(lambda: set(sent) <= set(marks.read(rival.marks)), 30, "all delays")
    started = marks.read(rival.marks)
    found += [started[name][0] - moment for name, moment in sent.items()][5:]
    return 0.0
