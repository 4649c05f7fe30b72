"""The product as a user runs it, through ``./oneoff``, with handles to hurt its processes."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psutil

from tests.support.rabbitmq import RabbitMq

ROOT = Path(__file__).resolve().parents[2]


def until(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until something is true and return it; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"not within {seconds} s: {what}")


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path, *, broker: RabbitMq | None = None, **settings: str) -> None:
        self.folder = folder
        self.broker = broker
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = folder / "product.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.environ = {
            **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "ONEOFF_VENV")},
            "DATA_DIR": str(folder / "data"),
            "PORT": str(self.port),
            "WORKERS_COUNT": "4",
            "LEASE_SECONDS": "4",
            "SHUTDOWN_GRACE_SECONDS": "5",
            **settings,
        }

    def start(self) -> "Product":
        """Start the product and wait until it says that it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [ROOT / "oneoff"],
                env=self.environ,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._says_it_answers, 60, f"the product answers; its log:\n{self.tail()}")
        return self

    def _says_it_answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"the product ended:\n{self.tail()}"
        return b"answers at" in self.log.read_bytes()

    def tail(self) -> str:
        """Return the last lines of the log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def run(self, *words: str, **over: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the product to its end; ``over`` changes its environment."""
        return subprocess.run(
            [ROOT / "oneoff", *words],
            env=self.environ | over,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.environ["DATA_DIR"])

    def stop(self, number: int = signal.SIGTERM, seconds: float = 40) -> int:
        """Stop the product as Ctrl-C or a service manager would; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(seconds)
        until(lambda: not self.processes(), 10, f"no process is left: {self.processes()}")
        return code

    def destroy(self) -> None:
        """End everything at once, whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def processes(self) -> list[psutil.Process]:
        """Return all living processes of this installation, those of its jobs too."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.Error):
                if self._is_mine(process) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _is_mine(self, process: psutil.Process) -> bool:
        """Return whether a process works in our folder, or has our DATA_DIR in its environment.

        Roles write their title over their environment, and jobs may go to other folders.
        """
        marker = f"DATA_DIR={self.environ['DATA_DIR']}".encode()
        environ = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        return marker in environ or Path(process.cwd()).is_relative_to(self.folder)

    def role(self, name: str) -> psutil.Process:
        """Return the main process of a role: broker (embedded), worker, dispatcher …"""
        assert self.process is not None
        main = psutil.Process(self.process.pid)
        broker = ("redis-server", "valkey-server")

        def find() -> psutil.Process | None:
            for child in main.children():
                with contextlib.suppress(psutil.Error):
                    title = " ".join(child.cmdline()).strip()
                    is_broker = name == "broker" and any(server in title for server in broker)
                    is_api = name == "api" and title.startswith("gunicorn: master")
                    if is_broker or is_api or title == f"oneoff: {name}":
                        return child
            return None

        found: psutil.Process = until(find, 15, f"a process of the role {name}")
        return found

    def pool_child(self) -> psutil.Process:
        """Return one pool process of the worker of run queues, one with a job if there is any."""
        children = until(lambda: self.role("worker").children(), 10, "pool processes")
        busy = [c for c in children if any(g.children() for g in c.children())]
        child: psutil.Process = (busy or children)[0]
        return child

    def broker_process(self) -> psutil.Process:
        """Return the process of the broker, embedded or not."""
        return self.broker.server() if self.broker else self.role("broker")

    def broker_data(self) -> Path:
        """Return the folder in which the broker keeps its data."""
        return self.broker.data if self.broker else Path(self.environ["DATA_DIR"]) / "broker"

    def kill(self, role: str) -> None:
        """kill -9 the main process of a role."""
        (self.broker_process() if role == "broker" else self.role(role)).kill()

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        seconds: float = 10,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> Any:
        """Send a request; return (status, decoded answer)."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=seconds)
        try:
            kind = {"Content-Type": "application/json"} if body is not None else {}
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {**kind, **headers})
            answer = connection.getresponse()
            raw = answer.read()
            is_json = "json" in (answer.headers.get("Content-Type") or "")
            return answer.status, json.loads(raw) if is_json and raw else raw.decode()
        finally:
            connection.close()

    def consumes(self) -> bool:
        """Return whether every lane has a worker that says it takes messages."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, report = self.ask("GET", "/health", headers={"Accept": "application/json"})
            lanes = report["workers"]["lanes"].values()
            return status == 200 and all(lane["consuming"] for lane in lanes)
        return False

    def create(self, script: str, at: str = "now", **over: Any) -> dict[str, Any]:
        """Create a shell job; return it. Fails if the product refuses it."""
        marked = {"DATA_DIR": self.environ["DATA_DIR"]}  # so that its processes are found
        config = {"script": script, "env": marked}
        body = {"name": "t", "type": "shell", "config": config, "scheduled_at": at}
        status, answer = self.ask("POST", "/api/jobs", body | over)
        assert status == 201, answer
        job: dict[str, Any] = answer["data"]
        return job

    def executions(self, job_id: str) -> list[dict[str, Any]]:
        """Return the executions of a job, oldest attempt first."""
        _, answer = self.ask("GET", f"/api/executions?job_id={job_id}&include=all")
        return sorted(answer["data"], key=lambda e: e["number"])

    def last(self, job_id: str) -> dict[str, Any]:
        """Return the newest execution of a job."""
        return self.executions(job_id)[-1]

    def ended(self, job_id: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until the newest execution of a job is final, and return it."""
        final = {"completed", "failed", "timeout", "cancelled", "skipped", "dead_letter"}

        def look() -> Any:
            with contextlib.suppress(OSError, http.client.HTTPException):
                newest = self.last(job_id)
                return newest if newest["status"] in final else None

        found: dict[str, Any] = until(look, seconds, f"the end of job {job_id}")
        return found


class Ledger:
    """A file that jobs append to: what really happened, seen from outside the product."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def script(self, key: str, seconds: float = 0) -> str:
        """Return a script that writes its start and its end under ``key``."""
        wait = f"sleep {seconds}; " if seconds else ""
        return f'echo "START {key}" >> {self.path}; {wait}echo "END {key}" >> {self.path}'

    def count(self, what: str, key: str) -> int:
        """Return how often START or END of a key was written."""
        return self.path.read_text().splitlines().count(f"{what} {key}")

    def starts(self) -> dict[str, int]:
        """Return the number of starts by key."""
        found: dict[str, int] = {}
        for line in self.path.read_text().splitlines():
            if line.startswith("START "):
                found[line[6:]] = found.get(line[6:], 0) + 1
        return found


class Submitter:
    """Submits ledger jobs and remembers which were accepted (answered 2xx)."""

    def __init__(self, product: Product, ledger: Ledger, **over: Any) -> None:
        self.product, self.ledger, self.over = product, ledger, over
        self.accepted: dict[str, str] = {}
        self.refused = 0

    def submit(self, count: int, pause: float = 0.0, seconds: float = 0.0, at: str = "now") -> None:
        """Submit so many jobs; what the product can't answer at the moment is not accepted."""
        for _ in range(count):
            key = f"k{len(self.accepted) + self.refused}"
            try:
                job = self.product.create(self.ledger.script(key, seconds), at, **self.over)
                self.accepted[key] = job["id"]
            except (OSError, http.client.HTTPException, AssertionError):
                self.refused += 1
            time.sleep(pause)

    def all_started(self) -> bool:
        """Return whether every accepted job has started."""
        return not self.accepted.keys() - self.ledger.starts().keys()


@contextlib.contextmanager
def running(folder: Path, *, broker: RabbitMq | None = None, **settings: str) -> Iterator[Product]:
    """Run the product for the length of a block and leave nothing behind."""
    product = Product(folder, broker=broker, **settings)
    try:
        yield product.start()
    finally:
        product.destroy()
