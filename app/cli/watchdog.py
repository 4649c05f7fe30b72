"""The sign of life for the service manager: sent only while the product does its work."""

import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.cli.supervisor import fork
from app.gateways.service_manager import ServiceManager

#: How often the manager is told how things are if it keeps no watchdog.
STATUS_SECONDS = 30.0
#: How often an answer is looked for that was asked for.
_ANSWER_SECONDS = 0.05
_LANES = ("run", "dispatch")


@dataclass
class Watchdog:
    """Asks the product how it is, in a child: an answer that hangs must not hold up the parent."""

    manager: ServiceManager
    #: Returns the answer of ``/health``; raises if there is none.
    ask: Callable[[], dict[str, Any]]
    _next_look: float = 0.0
    _answer: int | None = None
    _heard: bytes = b""
    _every: float = field(init=False)

    def __post_init__(self) -> None:
        self._every = self.manager.watchdog_seconds / 3 or STATUS_SECONDS

    def look(self) -> float:
        """Send the sign of life if the last look found the product at work; look again in time.

        Return how soon this wants to be called again.
        """
        if not self.manager.address:
            return math.inf
        if self._answer is not None:
            self._read(self._answer)
        elif time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self._every
            self._put_question()
        return _ANSWER_SECONDS if self._answer is not None else self._every

    def _put_question(self) -> None:
        self._answer, theirs = os.pipe()
        self._heard = b""
        os.set_blocking(self._answer, False)
        fork(lambda: _answer_to(theirs, self.ask), "a look at itself")
        os.close(theirs)

    def _read(self, answer: int) -> None:
        try:
            part = os.read(answer, 4096)
        except BlockingIOError:
            return
        self._heard += part
        if part:
            return
        os.close(answer)
        self._answer = None
        verdict, _, status = self._heard.decode().partition(" ")
        signs = ["WATCHDOG=1"] if verdict == "works" else []
        self.manager.tell(*signs, f"STATUS={status or 'a look at the product failed'}")


def _answer_to(pipe: int, ask: Callable[[], dict[str, Any]]) -> None:
    try:
        works, status = judge(ask())
    except Exception as error:  # whatever it is: it is no answer
        works, status = False, f"the API does not answer ({type(error).__name__})"
    os.write(pipe, f"{'works' if works else 'stuck'} {status}".encode())
    sys.exit(0)


def judge(report: dict[str, Any]) -> tuple[bool, str]:
    """Return whether a report of ``/health`` shows the product at work, with a line for people.

    What a restart can't mend does not count: a database or a broker of somebody else's that is
    away. Workers that take nothing although all is there are stuck.
    """
    database, broker, workers = report["database"], report["broker"], report["workers"]
    problems = [part["problem"] for part in report.values() if _has_problem(part)]
    text = "; ".join(problems) or _waiting(report.get("queues"))
    if database["status"] == "down" or (broker["status"] == "down" and not broker["embedded"]):
        return True, text
    return all(workers["lanes"][lane]["consuming"] for lane in _LANES), text


def _has_problem(part: Any) -> bool:
    return isinstance(part, dict) and "problem" in part


def _waiting(queues: list[dict[str, Any]] | None) -> str:
    if queues is None:  # with authentication on they are not for everybody
        return "at work"
    return f"at work; {sum(queue['depth'] for queue in queues)} executions wait for a slot"
