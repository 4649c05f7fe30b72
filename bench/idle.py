"""What the product costs at rest: P-18 memory, P-19 CPU; and P-20 how soon it is of use."""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import databases, web
from bench.figures import Bench
from bench.product import ALL, Product
from bench.rival import Rival
from bench.stage import ROOT, Stage, end, family, memory_of, say, until
from bench.table import Row, median

_MIB = 1024 * 1024
_LONGEST = 60.0


def measure(bench: Bench) -> Iterator[Row]:
    """P-18 and P-19: all roles after some work, with nothing to do."""
    settle, watch = bench.size(20, 5), bench.size(60, 10)
    with Stage() as stage:
        rival = Rival(stage)
        rival.start()
        assert rival.worker is not None
        time.sleep(settle)
        theirs = (
            memory_of(rival.worker) / _MIB,
            _busy([rival.worker.pid, rival.broker.pid], watch),
        )
        rival.close()
    with Stage() as stage:
        product = Product(stage, bench.database)
        product.start(*ALL, "api")
        _some_work(product)
        time.sleep(settle)
        assert product.process is not None
        ours = (product.memory() / _MIB, _busy(_everything(product), watch))
    say(f"  rival {theirs[0]:.0f} MiB, {theirs[1]:.2f} %; ours {ours[0]:.0f} MiB, {ours[1]:.2f} %")
    if bench.wants("P-18"):
        what = "idle memory of broker, API, workers, beat (beside: a bare worker)"
        yield Row("P-18", what, bench.database, ours[0], "MiB", 260, 160, theirs[0])
    if bench.wants("P-19"):
        what = "idle CPU of everything, of one core (beside: a bare worker, its broker)"
        yield Row("P-19", what, bench.database, ours[1], "%", 2, 1, theirs[1])


def _some_work(product: Product) -> None:
    """Have every process do once what it does: memory that is never touched is not needed."""
    port = product.settings.port
    web.wait_for(port, "/health/live")
    client = web.Client(port)
    for number in range(50):
        client.post("/api/jobs", _job(f"warm-{number}"))
    for path in ("/api/jobs", "/api/executions", "/api/system/status", "/health/ready"):
        client.get(path)
    path = "/api/executions?status=completed&limit=1"
    until(lambda: client.get(path)["total"] == 50, _LONGEST, "all jobs end", 0.1)
    client.close()


def _job(name: str) -> dict[str, object]:
    return {"name": name, "type": "shell", "config": {"script": "echo hi"}, "scheduled_at": "now"}


def _everything(product: Product) -> list[int]:
    """Return the processes at the root of all that runs for the product, its database too."""
    assert product.process is not None
    server = databases.server_of(product.stage)
    return [product.process.pid, *([server] if server else [])]


def _busy(roots: list[int], seconds: float) -> float:
    """Return how much of one core processes and all below them use, in percent."""
    before, began = _cpu(roots), time.monotonic()
    time.sleep(seconds)
    return (_cpu(roots) - before) / (time.monotonic() - began) * 100


def _cpu(roots: list[int]) -> float:
    """Return the seconds of CPU used by all that lives; and by what has ended, of each parent."""
    found = 0.0
    for root in roots:
        for process in family(root):
            try:
                found += sum(process.cpu_times()[:4])
            except psutil.Error:
                continue
    return found


def first_job(bench: Bench) -> Iterator[Row]:
    """P-20: from the command to the end of a first job, in a folder that was used before."""
    runs = bench.size(5, 1)
    with Stage() as stage:
        rival = Rival(stage)
        theirs = []
        for _ in range(runs + 1):
            began = time.time()
            rival.spawn()
            theirs.append(rival.say_hello() - began)
            rival.stop()
        rival.close()
    with Stage() as stage:
        product = Product(stage, bench.database)
        ours = [_launch(stage, product) for _ in range(runs + 1)]
    say("  rival " + " ".join(f"{x:.2f}" for x in theirs))
    say("  ours  " + " ".join(f"{x:.2f}" for x in ours))
    what = "./oneoff to the end of a first job (beside: a bare worker to its first)"
    yield Row("P-20", what, bench.database, median(ours[1:]), "s", 4, 2, median(theirs[1:]))


def _launch(stage: Stage, product: Product) -> float:
    """Start the product as a user does; return the seconds until its first job has ended."""
    marks = stage.folder / f"first-{time.monotonic_ns()}"
    environ = product.environ | {"ONEOFF_VENV": _environment()}
    began = time.monotonic()
    process = stage.spawn([str(ROOT / "oneoff")], "oneoff.log", environ)
    try:
        job_id = _first_post(product.settings.port, process, marks)
        client = web.Client(product.settings.port)
        path = f"/api/jobs/{job_id}"
        until(lambda: client.get(path)["data"]["status"] == "completed", _LONGEST, "its end", 0.01)
        seconds = time.monotonic() - began
        client.close()
    finally:
        end(process)
    assert marks.exists()
    return seconds


def _environment() -> str:
    """Return the virtual environment that this process runs in: the launcher finds it set up."""
    return os.environ.get("ONEOFF_VENV") or os.environ.get("VIRTUAL_ENV") or str(ROOT / ".venv")


def _first_post(port: int, process: subprocess.Popen[bytes], marks: Path) -> str:
    """Ask for a job as soon as somebody listens; return its id."""
    job = _job("first") | {"config": {"script": f"touch {marks}"}}

    def post() -> str:
        assert process.poll() is None, "the product ended"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/api/jobs", json.dumps(job), headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            return str(body["data"]["id"]) if answer.status == 201 else ""
        except OSError:
            return ""
        finally:
            connection.close()

    return until(post, _LONGEST, "the API takes a job", 0.01)
