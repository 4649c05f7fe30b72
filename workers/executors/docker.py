"""Runs containers on the worker's Docker engine, and leaves nothing of them that is not wanted."""

import os
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.domain.specs.docker import DockerSpec
from workers.executors.base import Context, Options, Outcome
from workers.executors.docker_image import provide
from workers.executors.docker_order import name_of, order
from workers.executors.docker_run import Attendance
from workers.executors.ending import Ending, outcome_of, why_to_stop
from workers.executors.refusal import Refusal
from workers.executors.surroundings import check
from workers.executors.watch import Interrupted

if TYPE_CHECKING:
    from workers.executors.docker_engine import Engine, State

#: The engine answers within milliseconds; what takes so long is stuck.
PATIENCE_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_NOUN = "Container"
_OUT_OF_MEMORY = 137

# No process may be forked amid an import: its copy of the half-imported module would wait for
# the thread that was importing, which it does not have.
_importing = threading.Lock()
os.register_at_fork(
    before=_importing.acquire,
    after_in_parent=_importing.release,
    after_in_child=_importing.release,
)


def connect(host: str, patience_seconds: float = PATIENCE_SECONDS) -> "Engine":
    """Return a connection to the engine, to be closed. Raises :class:`Refusal`.

    The first call in a process that finds an engine imports Docker's library: workers without
    docker jobs don't pay for it.
    """
    _find_socket(host)
    with _importing:
        from workers.executors.docker_engine import Engine  # noqa: PLC0415
    return Engine(host, patience_seconds)


def _find_socket(host: str) -> None:
    """Look whether somebody listens, where that can be seen at once."""
    if not host.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_CONNECT_SECONDS)
        try:
            probe.connect(host.removeprefix("unix://"))
        except OSError as error:
            text = f"No Docker engine answers at {host}: {error.strerror or error}"
            raise Refusal("DOCKER_UNAVAILABLE", text) from None


class DockerExecutor:
    """Performs :class:`DockerSpec` for one slot; holds nothing between attempts."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def perform(self, spec: DockerSpec, context: Context) -> Outcome:
        """Run the container and say how it ended; what can't start is an outcome as well."""
        context = context.within(spec.timeout)
        began = time.monotonic()
        try:
            check(context.parameters)
            self._check_rules(spec)
            return self._run(spec, context)
        except Interrupted as interruption:
            seconds = time.monotonic() - began
            return outcome_of(Ending(stopped=interruption.reason, seconds=seconds), _NOUN)
        except Refusal as refusal:
            return refusal.outcome()

    def close(self) -> None:
        """Nothing is held between attempts."""

    def _check_rules(self, spec: DockerSpec) -> None:
        """Judge the config again: the rules may be new, and a path may lead elsewhere."""
        rules = self._options.containers
        sentences = [found[1] for found in (spec.forbidden(rules),) if found]
        sentences += [
            sentence
            for mount in spec.mounts()
            if mount.is_bind
            if (sentence := rules.bind_refusal(os.path.realpath(mount.source)))
        ]
        if sentences:
            raise Refusal("OPTION_NOT_ALLOWED", f"Not allowed: {sentences[0]}")

    def _run(self, spec: DockerSpec, context: Context) -> Outcome:
        _go_on(context)
        with connect(self._options.docker_host) as engine:
            provide(engine, spec, context)
            _go_on(context)
            name, is_kept = name_of(context), False
            try:
                engine.create(name, order(spec, context, self._options.installation_id))
                with Attendance(engine, name, context) as attendance:
                    _go_on(context)
                    ending, state = attendance.run()
                is_kept = ending.stopped is None and not spec.auto_remove
            finally:
                if not is_kept:
                    with suppress(Refusal):  # the sweep of the workers tries it again
                        engine.remove(name)
        return _judged(spec, ending, state)


def _go_on(context: Context) -> None:
    reason = why_to_stop(context, time.monotonic())
    if reason is not None:
        raise Interrupted(reason)


def _judged(spec: DockerSpec, ending: Ending, state: "State") -> Outcome:
    is_by_itself = ending.stopped is None and state.exit_code != 0
    if is_by_itself and state.is_out_of_memory:
        limit = f" of {spec.memory}" if spec.memory else ""
        text = f"Container ran out of memory: it needed more than its limit{limit}"
        code = "OUT_OF_MEMORY"
        return Outcome("failed", _OUT_OF_MEMORY, text, code, ending.usage)
    return outcome_of(ending, _NOUN)
