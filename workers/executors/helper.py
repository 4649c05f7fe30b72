"""The fork helper: the small process that starts the processes of jobs and outlives none of them.

A worker is big and threaded. Forked from it, a job would begin with the worker's peak memory in its
own accounts and with whatever locks other threads held. So each slot keeps this process beside it,
started by path, with the standard library only and nothing of the product's. It performs one
command at a time, is the subreaper of all that it starts, and kills everything when the command
ends or when the socket to its owner does (the owner has died, however suddenly).

Frames, each a length and a marshalled tuple (both ends run the same interpreter)::

    owner -> helper   ("spawn", argv, env, cwd, nice, identity)  with descriptors 0, 1, 2
                      ("signal", number)
    helper -> owner   ("failed", step, errno)  when there was nothing to run
                      ("exited", status, was_signalled, cpu_seconds, max_rss_bytes)

Where there is neither prctl nor /proc (macOS), it falls back on the process group.
"""

from __future__ import annotations

import ctypes
import errno
import gc
import marshal
import os
import select
import signal
import socket
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing these costs a megabyte, in a process per slot
    from collections.abc import Callable
    from typing import Any, NoReturn

_LENGTH = struct.Struct("!I")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_IS_LINUX = sys.platform.startswith("linux")
_RSS_UNIT = 1024 if _IS_LINUX else 1
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
_NO_SIGPIPE = getattr(socket, "MSG_NOSIGNAL", 0)
#: How long to go on killing what a command left behind: some processes can't be killed.
_LEFTOVERS_SECONDS, _KILL_AGAIN_MILLISECONDS = 2.0, 5

Identity = tuple[int, int, list[int]]  # user id, group id, supplementary groups


def send(sock: socket.socket, frame: tuple[Any, ...], descriptors: tuple[int, ...] = ()) -> None:
    """Send a frame of any size; the descriptors ride on its first byte."""
    payload = marshal.dumps(frame)
    data = memoryview(_LENGTH.pack(len(payload)) + payload)
    sent = socket.send_fds(sock, [data], descriptors, _NO_SIGPIPE) if descriptors else 0
    if sent < len(data):
        sock.sendall(data[sent:], _NO_SIGPIPE)


def receive(sock: socket.socket) -> tuple[tuple[Any, ...], list[int]] | None:
    """Return the next frame and its descriptors; ``None`` when the other end is gone."""
    head, descriptors, _, _ = socket.recv_fds(sock, _LENGTH.size, 3, _CLOSE_ON_EXEC)
    head += _read(sock, _LENGTH.size - len(head)) if head else b""
    size = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
    payload = _read(sock, size) if size > 0 else b""
    if len(payload) != size:
        return None
    return marshal.loads(payload), descriptors  # noqa: S302 - a private socket, our own sender


def _read(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (part := sock.recv(size - len(data))):
        data += part
    return bytes(data)


def descendants(root: int) -> list[tuple[int, int]]:
    """Return (pid, process group) of all below ``root``, of any session; empty without /proc."""
    children: dict[int, list[tuple[int, int]]] = {}
    for name in os.listdir("/proc") if _IS_LINUX else ():  # noqa: PTH208 - few imports
        if name.isdigit() and (parent := _parent_and_group(name)):
            children.setdefault(parent[0], []).append((int(name), parent[1]))
    found: list[tuple[int, int]] = []
    waiting = [root]
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += [pid for pid, _ in below]
    return found


def _parent_and_group(pid: str) -> tuple[int, int] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:  # noqa: PTH123
            # The name of the command stands in parentheses and may hold anything, these too.
            fields = file.read().rpartition(b")")[2].split(None, 3)
    except OSError:
        return None
    return int(fields[1]), int(fields[2])


class Helper:
    """One command at a time, and nothing left of it afterwards."""

    def __init__(self, sock: socket.socket, die_with_helper: Callable[[], None] | None) -> None:
        self._socket = sock
        self._die_with_helper = die_with_helper  # None: we are no subreaper either
        self._pid = os.getpid()
        self._is_told_to_end = False
        self._wake = _wake_on_signals(self._on_sigterm)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        self._report = -1  # the pipe by which the child says why it could not exec
        self._main = 0  # the pid of the command; 0 when there is none
        self._status: int | None = None  # of the command, once it has ended
        self._ended_at = self._cpu_seconds = 0.0
        self._max_rss_bytes = 0
        self._was_signalled = False

    def serve(self) -> None:
        """Do what the owner asks until it is gone; then leave nothing running."""
        try:
            while self._step():
                self._reap()
        except OSError:
            pass  # the owner went away while we were talking to it
        finally:
            self._kill_all_and_wait()

    def _step(self) -> bool:
        pause = None if self._status is None else _KILL_AGAIN_MILLISECONDS
        for descriptor, _ in self._poll.poll(pause):
            if descriptor == self._wake:
                os.read(self._wake, 4096)
            elif not self._obey():
                return False
        return not self._is_told_to_end

    def _on_sigterm(self, *_: object) -> None:
        if os.getpid() != self._pid:  # a child on its way to exec: the signal was for the command
            os._exit(128 + signal.SIGTERM)
        self._is_told_to_end = True

    def _obey(self) -> bool:
        received = receive(self._socket)
        if received is None:
            return False
        frame, descriptors = received
        if frame[0] == "spawn":
            self._spawn(frame[1:], descriptors)
        else:
            self._reap()  # a command that has ended by now was not ended by this signal
            self._signal(frame[1])
        return True

    def _spawn(self, request: tuple[Any, ...], descriptors: list[int]) -> None:
        report, tell = os.pipe()
        try:
            pid = os.fork()
            if pid == 0:
                self._become(request, descriptors, tell)
        except OSError as error:
            os.close(report)
            send(self._socket, ("failed", "fork", error.errno))
        else:
            self._main, self._status, self._was_signalled = pid, None, False
            self._cpu_seconds, self._max_rss_bytes = 0.0, 0
            self._report = report
        finally:
            for descriptor in [tell, *descriptors]:
                os.close(descriptor)

    def _become(self, request: tuple[Any, ...], descriptors: list[int], tell: int) -> NoReturn:
        """Turn this fresh child into the command, or say in which step that failed and why."""
        step = "session"
        try:
            argv, env, cwd, nice, identity = request
            os.setsid()
            for number, descriptor in enumerate(descriptors):
                os.dup2(descriptor, number)
                os.close(descriptor)
            step = "nice"
            os.nice(nice)
            step = "user"
            if identity is not None:
                os.setgroups(identity[2])
                os.setgid(identity[1])
                os.setuid(identity[0])
            if self._die_with_helper is not None:
                self._die_with_helper()  # after the change of user, which would undo it
            os.umask(0o022)
            step = "chdir"
            os.chdir(cwd)
            step = "exec"
            os.execve(argv[0], argv, env)  # noqa: S606 - no shell is the point
        except BaseException as error:  # whatever it is: this copy of the helper must not run on
            os.write(tell, f"{step} {getattr(error, 'errno', None) or errno.EINVAL}".encode())
        finally:
            os._exit(255)

    def _reap(self) -> None:
        """Collect whatever has ended; when that was the command, see the rest of it off."""
        try:
            while (ended := os.wait4(-1, os.WNOHANG))[0]:
                pid, status, used = ended
                self._cpu_seconds += used.ru_utime + used.ru_stime
                self._max_rss_bytes = max(self._max_rss_bytes, used.ru_maxrss * _RSS_UNIT)
                if pid == self._main:
                    self._main_ended(status)
            is_alone = False
        except ChildProcessError:
            is_alone = True  # we are the subreaper: no child of ours means nothing is left
        if self._status is not None:
            self._see_off(is_alone=is_alone)

    def _main_ended(self, status: int) -> None:
        failure = os.read(self._report, 100).split()  # empty when exec has closed the other end
        os.close(self._report)
        if failure:
            self._main = 0
            send(self._socket, ("failed", failure[0].decode(), int(failure[1])))
        else:
            self._status, self._ended_at = status, time.monotonic()

    def _see_off(self, *, is_alone: bool) -> None:
        if not is_alone or self._die_with_helper is None:
            self._kill(signal.SIGKILL)
        if is_alone or time.monotonic() > self._ended_at + _LEFTOVERS_SECONDS:
            usage = (self._was_signalled, self._cpu_seconds, self._max_rss_bytes)
            send(self._socket, ("exited", self._status, *usage))
            self._main, self._status = 0, None

    def _signal(self, number: int) -> None:
        if self._main and self._status is None:
            self._was_signalled = True
            self._kill(number)

    def _kill(self, number: int) -> None:
        """Send a signal to the command's group and to each descendant outside it, once."""
        others = [(pid, group) for pid, group in descendants(self._pid) if group != self._main]
        if self._main:
            _quietly(os.killpg, self._main, number)
        for pid, _ in others:
            _quietly(os.kill, pid, number)

    def _kill_all_and_wait(self) -> None:
        until = time.monotonic() + _LEFTOVERS_SECONDS
        while time.monotonic() < until:
            self._kill(signal.SIGKILL)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                return
            time.sleep(_KILL_AGAIN_MILLISECONDS / 1000)


def _wake_on_signals(on_sigterm: Callable[..., None]) -> int:
    """Make signals readable. None is ignored: exec resets handlers, but keeps what is ignored."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    ignored = [n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN]
    for number in {*ignored, signal.SIGINT, signal.SIGCHLD}:
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGTERM, on_sigterm)
    return read


def _quietly(call: Callable[[int, int], None], target: int, number: int) -> None:
    try:
        call(target, number)
    except OSError:  # gone already, or not ours to kill
        return


def _become_subreaper() -> Callable[[], None] | None:
    """Ask to inherit orphaned descendants; ``None`` where that is not possible."""
    helper = os.getpid()
    prctl: Callable[[int, int], int] | None = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None or prctl(_PR_SET_CHILD_SUBREAPER, 1) != 0:
        return None

    def die_with_helper() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != helper:  # it died before we could ask
            os._exit(255)

    return die_with_helper


def _main(descriptor: int) -> None:
    gc.disable()  # nothing here makes cycles, and a collection would touch pages shared by fork
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - takes no keyword
    Helper(socket.socket(fileno=descriptor), _become_subreaper()).serve()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
