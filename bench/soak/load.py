"""The load: jobs as a seed makes them, posted at a steady rate, each writing to one ledger."""

import http.client
import json
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_LATEST_SECONDS = 20
QUEUES = ("default", "reports", "mail")


def _at(moment: float) -> str:
    if moment <= time.time():
        return "now"
    return datetime.fromtimestamp(moment, UTC).isoformat()


class Load(threading.Thread):
    """Posts jobs until stopped, and remembers what was answered."""

    def __init__(self, port: int, ledger: Path, seed: int, rate: float) -> None:
        super().__init__(name="load", daemon=True)
        self.port, self.ledger, self.rate = port, ledger, rate
        self.random = random.Random(seed)  # noqa: S311 - repeatable, no secret
        #: What was answered 201, with its ``on_lost``: it must run.
        self.accepted: dict[str, str] = {}
        #: What got no answer: it may be there or not.
        self.unsure: dict[str, str] = {}
        self.refused = 0
        #: When the last of all falls due, in seconds since 1970.
        self.last_due = 0.0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Post until asked to stop. What the product could not take in time is left out."""
        due = time.monotonic()
        while not self._stop_asked.wait(max(0.0, due - time.monotonic())):
            self._post()
            due = max(due + 1 / self.rate, time.monotonic() - 1)
        self._connection.close()

    def stop(self) -> None:
        """Stop posting, and wait until the last answer is there."""
        self._stop_asked.set()
        self.join()

    def _post(self) -> None:
        job = self._next()
        name, on_lost = job["name"], job["on_lost"]
        try:
            headers = {"Content-Type": "application/json"}
            self._connection.request("POST", "/api/jobs", json.dumps(job), headers)
            answer = self._connection.getresponse()
            answer.read()
        except ConnectionRefusedError:
            self.refused += 1
            self._connection.close()
        except (OSError, http.client.HTTPException):
            self.unsure[name] = on_lost
            self._connection.close()
        else:
            if answer.status == 201:
                self.accepted[name] = on_lost
            else:
                self.unsure[name] = on_lost

    def _next(self) -> dict[str, Any]:
        name = f"soak-{self.random.getrandbits(64):016x}"
        due = time.time() + self.random.choice((0, self.random.uniform(0.5, _LATEST_SECONDS)))
        self.last_due = max(self.last_due, due)
        kind, config = self.random.choices((self._noop(), self._shell()), (3, 1))[0]
        return {
            "name": name,
            "type": kind,
            "config": config,
            "priority": self.random.randint(1, 10),
            "queue": self.random.choice(QUEUES),
            "on_lost": self.random.choice(("fail", "retry")),
            "scheduled_at": _at(due),
        }

    def _noop(self) -> tuple[str, dict[str, Any]]:
        pause = self.random.choices((0, 1, 5, 50, 1000), (5, 5, 5, 5, 1))[0]
        return "noop", {"ledger": str(self.ledger), "milliseconds": pause}

    def _shell(self) -> tuple[str, dict[str, Any]]:
        lines = self.random.choice((0, 3, 200))
        pause = self.random.choices(("0", "0.2", "2"), (10, 5, 1))[0]
        who = f'$ONEOFF_JOB_NAME $ONEOFF_EXECUTION_ID" >> {self.ledger}'
        return "shell", {
            "script": f'echo "START {who}\nseq {lines}\nsleep {pause}\necho "END {who}'
        }
