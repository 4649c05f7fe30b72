"""Runs the product under steady load and does it a harm every so often; then judges.

    python -m bench.soak MINUTES [--seed NUMBER] [--database sqlite|postgresql] [--no-faults] …

Each job writes its start and its end to a ledger file. After some calm minutes the ledger, the
API, the tables and /metrics must tell the same: nothing lost, nothing twice, nothing unfinished.
"""

import argparse
import contextlib
import logging
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from bench import databases, fill, web
from bench.product import ALL, Product
from bench.soak import use, views
from bench.soak.faults import Faults, do_until
from bench.soak.judge import judge
from bench.soak.load import QUEUES, Load
from bench.soak.use import Use
from bench.stage import Stage, say, until
from bench.table import median

#: No fault before, so that there is something to compare the end with.
_WARM_SECONDS = 180.0
_SHOWN = 20


def main() -> int:
    """Run for as long as asked; return 1 if something was lost, doubled or leaked."""
    given = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.disable(logging.INFO)
    lease = max(4.0, min(15.0, given.every / 2))
    with Stage() as stage:
        product = Product(
            stage,
            given.database,
            WORKERS_COUNT="4",
            LEASE_SECONDS=str(lease),
            SHUTDOWN_GRACE_SECONDS="5",
        )
        product.start(*ALL, "api")
        web.wait_for(product.settings.port, "/health/live")
        say(
            f"seed {given.seed}, {given.rate:g} jobs a second, {given.minutes:g} minutes"
            f" on {given.database}"
        )
        soak = Soak(product, given, Faults(product, random.Random(given.seed), lease))  # noqa: S311
        soak.run()
        code = soak.report()
        if code:
            kept = Path(tempfile.mkdtemp(prefix="oneoff-soak-"))
            for name in ("product.log", "ledger"):
                shutil.copy(stage.folder / name, kept)
            print(f"the log and the ledger are kept in {kept}")
        return code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("minutes", type=float, help="how long the load lasts")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--rate", type=float, default=20.0, help="jobs a second (20)")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between faults (30)")
    parser.add_argument("--calm", type=float, default=120.0, help="seconds without load (120)")
    parser.add_argument("--database", default=databases.SQLITE, choices=databases.ALL)
    parser.add_argument("--no-faults", action="store_true", help="only load: look for leaks")
    return parser.parse_args()


class Soak:
    """One run: load, faults, calm, judgement."""

    def __init__(self, product: Product, given: argparse.Namespace, faults: Faults) -> None:
        self.product, self.given, self.faults = product, given, faults
        ledger = product.stage.folder / "ledger"
        self.load = Load(product.settings.port, ledger, given.seed, given.rate)
        self.done: list[tuple[str, float]] = []
        self.first: dict[str, Use] = {}
        self.seconds_to_end = 0.0

    def run(self) -> None:
        """Load and harm the product, then leave it in peace."""
        end = time.monotonic() + self.given.minutes * 60
        self.load.start()
        try:
            time.sleep(min(_WARM_SECONDS, self.given.minutes * 15))
            self.first = use.of_all(self.faults)
            if not self.given.no_faults:
                do_until(self.faults, end, self.given.every, self.done)
            time.sleep(max(0.0, end - time.monotonic()))
        except KeyboardInterrupt:
            say("stopped early; what was accepted is still awaited")
        self.load.stop()
        self._calm()

    def _calm(self) -> None:
        """Wait until all has ended, and longer: what goes wrong late shall be seen, too."""
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            until(lambda: not fill.unfinished(), max(120.0, self.given.calm), "all ends", 0.2)
        self.seconds_to_end = max(0.0, fill.wall_clock() - self.load.last_due)
        if not self.given.no_faults:
            time.sleep(max(0.0, self.given.calm - (time.monotonic() - began)))

    def report(self) -> int:
        """Judge, say what was found, and return the exit code."""
        taken = views.take(self.load)
        verdict = judge(taken)
        last = use.of_all(self.faults)
        grown = list(use.growth(self.first, last)) if self.first else []
        failed = [row for row in taken.rows if row.status != "completed"]
        print(f"seed {self.given.seed} on {self.given.database}: {len(self.done)} faults")
        for name in sorted({name for name, _ in self.done}):
            print(f"  {sum(name == other for other, _ in self.done)} times: {name}")
        print(
            f"accepted {len(self.load.accepted):,}, without an answer {len(self.load.unsure)},"
            f" refused {self.load.refused}; executions {len(taken.rows):,} on {len(QUEUES)} queues,"
            f" taken from a worker {len(failed)}"
        )
        print(
            f"lost {len(verdict.lost)}, doubled {len(verdict.doubled)},"
            f" non-final rows {len(verdict.unfinished)},"
            f" disagreements of the four views {len(verdict.disagreements)}"
        )
        self._say_seconds()
        if self.first:
            print(f"growth: {use.largest_growth(self.first, last)}")
        for line in [*verdict.lines(), *grown][:_SHOWN]:
            print(f"  {line}")
        if self.given.no_faults and failed:
            print(f"  without a fault {len(failed)} executions did not complete: {failed[:3]}")
        is_clean = verdict.is_clean and not grown
        return 0 if is_clean and not (self.given.no_faults and failed) else 1

    def _say_seconds(self) -> None:
        found = views.judged_after([moment for _, moment in self.done])
        if found:
            print(
                f"judged after a fault: {len(found)} executions, half within {median(found):.1f} s,"
                f" all within {max(found):.1f} s"
            )
        print(f"all final {self.seconds_to_end:.1f} s after the last fell due")


if __name__ == "__main__":
    sys.exit(main())
