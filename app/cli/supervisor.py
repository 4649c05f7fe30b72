"""Runs child processes: starts them in order, restarts those that die, stops all in order."""

import ctypes
import logging
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from setproctitle import setproctitle

from app.gateways import forking, log_files

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
#: A role that ran so long is restarted without waiting.
_STEADY_SECONDS = 30.0
#: Beyond the grace of running jobs a role gets so long before it is killed.
KILL_AFTER_SECONDS = 15.0

#: How often a parent looks after what it does beside its children.
LOOK_SECONDS = 1.0


@dataclass
class Role:
    """A process to keep alive. ``run`` is called in the child and is not expected to return."""

    name: str
    run: Callable[[], None]
    #: Called in a child of its own after the role died, with the dead process number.
    after_death: Callable[[int], None] | None = None
    stop_seconds: float = 5.0
    pid: int = 0
    started: float = 0.0
    restart_at: float = 0.0
    pause: float = _SHORTEST_PAUSE


@dataclass
class Supervisor:
    """Keeps roles alive until told to stop; then stops them in the reverse order."""

    roles: Sequence[Role]
    #: Called again and again while the roles run; returns how soon it wants to be called again.
    while_running: Callable[[], float] = lambda: LOOK_SECONDS
    before_stop: Callable[[], None] = lambda: None
    _stopping: int = 0
    _helpers: set[int] = field(default_factory=set)

    def run(self) -> int:
        """Start the roles and stay until a signal comes; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._heed_hangup()
        bell = Bell()
        forking.prepare()
        for role in self.roles:
            self._start(role)
        while not self._stopping:
            self._reap()
            self._restart_due()
            bell.wait(min(self.while_running(), self._until_restart()))
        self.before_stop()
        self._stop_all()
        return 0

    def _ask_to_stop(self, *_: object) -> None:
        self._stopping += 1

    def _heed_hangup(self) -> None:
        """Without a terminal any more, stop; but a log file is opened anew, and nohup obeyed."""
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._hung_up)

    def _hung_up(self, *_: object) -> None:
        if log_files.is_used():
            log_files.follow()
        else:
            self._ask_to_stop()

    def _start(self, role: Role) -> None:
        role.pid = fork(role.run, role.name)
        role.started, role.restart_at = time.monotonic(), 0.0

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._helpers.discard(pid)
            for role in self.roles:
                if role.pid == pid:
                    self._died(role, status)

    def _died(self, role: Role, status: int) -> None:
        pid, role.pid = role.pid, 0
        if self._stopping:
            return
        if time.monotonic() - role.started > _STEADY_SECONDS:
            role.pause = _SHORTEST_PAUSE
        log.error("%s ended (%s); it is started again", role.name, _how(status))
        role.restart_at = time.monotonic() + role.pause
        role.pause = min(role.pause * 2, _LONGEST_PAUSE)
        if role.after_death is not None:
            judge = role.after_death
            self._helpers.add(fork(lambda: judge(pid), f"{role.name} after its death"))

    def _restart_due(self) -> None:
        for role in self.roles:
            if role.restart_at and time.monotonic() >= role.restart_at:
                self._start(role)

    def _until_restart(self) -> float:
        """Return the seconds until a role is started again."""
        due = min((role.restart_at for role in self.roles if role.restart_at), default=math.inf)
        return max(0.0, due - time.monotonic())

    def _stop_all(self) -> None:
        """Stop the roles one after the other, the last started first; a second signal kills."""
        log.info("stopping; running jobs get their grace (once more Ctrl-C ends all at once)")
        for role in reversed(self.roles):
            if role.pid:
                _send(role.pid, signal.SIGTERM)
                self._await_end(role, role.stop_seconds)

    def _await_end(self, role: Role, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while role.pid and time.monotonic() < deadline and self._stopping < 2:
            self._reap()
            time.sleep(0.02)
        if role.pid:
            log.warning("%s did not end in time; killing it", role.name)
            _send(role.pid, signal.SIGKILL)
            while role.pid:
                self._reap()
                time.sleep(0.02)


class Bell:
    """Rings when a child ends or another signal comes, so that its owner may sleep until then."""

    def __init__(self) -> None:
        self._rings, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # one without a handler wakes nobody

    def wait(self, seconds: float) -> None:
        """Sleep so long, or until it rings."""
        if select.select([self._rings], [], [], seconds)[0]:
            os.read(self._rings, 4096)


def fork(run: Callable[[], None], name: str, *, bound: bool = True) -> int:
    """Run a function in a child process with a session of its own; return its number.

    A child that is ``bound`` is told to end if this process dies, even by SIGKILL (Linux).
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        setproctitle(f"oneoff: {name}")
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if bound:
            die_with_parent(parent)
        run()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        log.exception("%s broke", name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies; end now if it is dead already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"
