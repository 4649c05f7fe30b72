"""Runs the product under steady load for a while and looks for loss, doubles and leaks.

    python -m bench.soak MINUTES [--seed NUMBER] [--rate JOBS_A_SECOND]

Each job appends its name to a ledger file; what is in there is the truth. At the end nothing may
be missing or twice, and memory and open files may not have grown.
"""

import argparse
import http.client
import json
import logging
import random
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench import databases, fill, marks
from bench.product import ALL, Product
from bench.stage import Stage, say, until

_MIB = 1024 * 1024
_WARM_SECONDS = 20.0
_SAY_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Use:
    """Memory and open files of all processes of the product."""

    rss: float
    descriptors: int
    processes: int

    def __str__(self) -> str:
        return (
            f"{self.rss:,.0f} MiB RSS, {self.descriptors} descriptors, {self.processes} processes"
        )


class Load:
    """Jobs as a seed makes them, posted at a steady rate."""

    def __init__(self, product: Product, ledger: Path, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - repeatable, no secret
        self.ledger = ledger
        self.accepted: list[str] = []
        self.connection = http.client.HTTPConnection(product.settings.host, product.settings.port)

    def post(self) -> None:
        """Post the next job; what is answered 201 is accepted and must run once."""
        job = self._next()
        headers = {"Content-Type": "application/json"}
        try:
            self.connection.request("POST", "/api/jobs", json.dumps(job), headers)
            answer = self.connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return
        if answer.status == 201:
            self.accepted.append(job["name"])

    def _next(self) -> dict[str, Any]:
        name = f"soak-{self.random.getrandbits(64):016x}"
        moment = datetime.fromtimestamp(time.time() + self.random.uniform(0, 20), UTC)
        kind, config = self.random.choices((self._noop(), self._shell(name)), (3, 1))[0]
        return {
            "name": name,
            "type": kind,
            "config": config,
            "priority": self.random.randint(1, 10),
            "on_lost": self.random.choice(("fail", "retry")),
            "scheduled_at": self.random.choice(("now", moment.isoformat())),
        }

    def _noop(self) -> tuple[str, dict[str, Any]]:
        return "noop", {
            "marks": str(self.ledger),
            "milliseconds": self.random.choice((0, 1, 5, 50)),
        }

    def _shell(self, name: str) -> tuple[str, dict[str, Any]]:
        lines = self.random.choice((0, 3, 200))
        return "shell", {"script": f"echo {name} 0 >> {self.ledger}\nseq {lines}\n"}


def main() -> int:
    """Run for as long as asked; return 1 if something was lost, doubled or failed."""
    given = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.disable(logging.INFO)
    with Stage() as stage:
        product = Product(stage, databases.SQLITE)
        product.start(*ALL, "api")
        say(f"seed {given.seed}, {given.rate} jobs a second, {given.minutes:g} minutes")
        load = Load(product, stage.folder / "ledger", given.seed)
        first, last = _run(product, load, given)
        return _report(load, first, last)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--rate", type=float, default=20.0)
    return parser.parse_args()


def _run(product: Product, load: Load, given: argparse.Namespace) -> tuple[Use, Use]:
    began = time.monotonic()
    warm = began + min(_WARM_SECONDS, given.minutes * 20)
    first: Use | None = None
    said, posted = began, 0
    try:
        while time.monotonic() < began + given.minutes * 60:
            load.post()
            posted += 1
            if first is None and time.monotonic() > warm:
                first = _use(product)
            if time.monotonic() > said + _SAY_EVERY:
                said = time.monotonic()
                say(f"  {len(load.accepted):,} accepted, {_use(product)}")
            time.sleep(max(0.0, began + posted / given.rate - time.monotonic()))
    except KeyboardInterrupt:
        say("stopped early; what was accepted is still awaited")
    until(lambda: not fill.unfinished(), 120, "what was accepted ends", 0.5)
    last = _use(product)
    return first or last, last


def _use(product: Product) -> Use:
    """Return what the processes use, leaving out those of jobs."""
    assert product.process is not None
    rss, descriptors, number = 0.0, 0, 0
    main = psutil.Process(product.process.pid)
    for process in [main, *main.children(recursive=True)]:
        try:
            rss += process.memory_info().rss / _MIB
            descriptors += process.num_fds()
            number += 1
        except psutil.Error:
            continue
    return Use(rss, descriptors, number)


def _report(load: Load, first: Use, last: Use) -> int:
    ran = {name: len(times) for name, times in marks.read(load.ledger).items()}
    names = {name.removesuffix("-0") for name in ran}
    lost = [name for name in load.accepted if name not in names]
    doubled = [name for name, times in ran.items() if times > 1]
    ended = fill.outcomes()
    print(f"accepted {len(load.accepted):,}, lost {len(lost)}, doubled {len(doubled)}")
    print(f"ended: {', '.join(f'{n:,} {status}' for status, n in sorted(ended.items()))}")
    print(f"at the start: {first}")
    print(f"at the end:   {last}")
    for name in [*lost, *doubled][:10]:
        print(f"  {name}: {ran.get(name, 0)} times")
    is_clean = not lost and not doubled and set(ended) <= {"completed"}
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
