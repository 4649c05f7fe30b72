"""What may befall the product, each fault done to real processes and undone again."""

import contextlib
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from bench import databases
from bench.product import Product
from bench.stage import say, until

_ROLES = ("worker", "dispatcher", "auxiliary", "api", "beat")


@dataclass
class Faults:
    """Does harm in an order that a seed decides: all kinds in turn, shuffled anew each time."""

    product: Product
    random: random.Random
    lease: float

    def deck(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield faults without end."""
        known: dict[str, Callable[[], None]] = {
            "kill -9 of a pool process": self._kill_pool_process,
            "kill -9 of the run worker": lambda: self._kill("worker"),
            "kill -9 of the dispatcher": lambda: self._kill("dispatcher"),
            "kill -9 of the auxiliary worker": lambda: self._kill("auxiliary"),
            "kill -9 of the API": lambda: self._kill("api"),
            "kill -9 of beat": lambda: self._kill("beat"),
            "kill -9 of the broker": lambda: self._kill("broker"),
            "kill -9 of the broker, its data lost": self._lose_broker,
            "worker frozen beyond its lease": self._freeze_worker,
            "broker silent": self._silence_broker,
            "rolling restart": self._restart_all,
        }
        if databases.server_of(self.product.stage):
            known["PostgreSQL restarted"] = lambda: self._restart_database("fast")
            known["PostgreSQL crashed"] = lambda: self._restart_database("immediate")
        while True:
            for name in self.random.sample(sorted(known), len(known)):
                yield name, known[name]

    def role(self, name: str) -> psutil.Process:
        """Return the main process of a role; waits until it is there (again)."""
        found = until(lambda: self._find(name), 30, f"a process of the role {name}")
        assert found is not None
        return found

    def family(self, name: str) -> list[psutil.Process]:
        """Return all processes of a role, the main one first."""
        main = self.role(name)
        return [main, *main.children(recursive=True)]

    def _find(self, name: str) -> psutil.Process | None:
        assert self.product.process is not None
        for child in psutil.Process(self.product.process.pid).children():
            with contextlib.suppress(psutil.Error):
                title = " ".join(child.cmdline()).strip()
                is_broker = name == "broker" and ("redis-server" in title or "valkey" in title)
                is_api = name == "api" and title.startswith("gunicorn: master")
                if is_broker or is_api or title == f"oneoff: {name}":
                    return child
        return None

    def _kill(self, name: str) -> None:
        _send(self.family(name) if name == "api" else [self.role(name)], signal.SIGKILL)

    def _kill_pool_process(self) -> None:
        children = until(lambda: self.role("worker").children(), 30, "pool processes")
        _send([self.random.choice(children)], signal.SIGKILL)

    def _lose_broker(self) -> None:
        broker = self.role("broker")
        _send([broker], signal.SIGSTOP)
        shutil.rmtree(self.product.settings.folder / "broker", ignore_errors=True)
        _send([broker], signal.SIGKILL)

    def _freeze_worker(self) -> None:
        frozen = self.family("worker")
        _send(frozen, signal.SIGSTOP)
        time.sleep(self.lease * 1.4)
        _send(frozen, signal.SIGCONT)

    def _silence_broker(self) -> None:
        broker = self.role("broker")
        _send([broker], signal.SIGSTOP)
        time.sleep(self.random.uniform(2, 10))
        _send([broker], signal.SIGCONT)

    def _restart_all(self) -> None:
        """Restart each role in turn as a deployment does: asked to end, and awaited."""
        for name in _ROLES:
            old = self.role(name)
            _send([old], signal.SIGTERM)
            until(lambda: not old.is_running(), 60, f"{name} ends")  # noqa: B023
            self.role(name)

    def _restart_database(self, mode: str) -> None:
        databases.restart(self.product.stage, mode)


def _send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def do_until(faults: Faults, end: float, every: float, done: list[tuple[str, float]]) -> None:
    """Do a fault each ``every`` seconds until a moment; note what was done, and when."""
    for number, (name, do) in enumerate(faults.deck(), 1):
        pause = every if number > 1 else every / 2
        if time.monotonic() + pause > end:
            return
        time.sleep(pause)
        say(f"  fault {number}: {name}")
        done.append((name, time.time()))
        began = time.monotonic()
        do()
        say(f"    done after {time.monotonic() - began:.1f} s")
