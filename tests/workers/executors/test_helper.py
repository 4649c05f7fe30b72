"""The fork helper and its host, with real processes and real kill -9."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workers.executors.conftest import Attempt
from tests.workers.executors.recorder import children, descriptors, eventually, is_alive
from workers.executors import process
from workers.executors.ending import outcome_of
from workers.executors.process import Command, ProcessHost

Attempts = Callable[..., Attempt]

#: A main process, a child of it, and a child in a session of its own; none minds SIGTERM.
DEAF_FAMILY = """
trap '' TERM
sleep 1000 &
echo $!
setsid sh -c 'echo $$; exec sleep 1000' &
echo $$
wait
wait
"""

OWNER = """
import sys, time
from workers.executors.base import Context, Parameters
from workers.executors.process import Command, ProcessHost
from workers.executors.stop import StopSignal

class Printer:
    def write(self, stream, data):
        sys.stdout.buffer.write(data)
        sys.stdout.flush()

context = Context("e" * 32, "r" * 32, "j" * 32, "job", 1, None, "", Parameters(), Printer(),
                  StopSignal())
ProcessHost().run(Command(("/bin/sh", "-c", sys.argv[1]), {"PATH": "/usr/bin:/bin"}, "/"), context)
"""


@pytest.fixture
def host() -> Iterator[ProcessHost]:
    host = ProcessHost()
    yield host
    host.close()
    assert children() == set()


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)


def sh(script: str, *args: str, **env: str) -> Command:
    return Command(("/bin/sh", "-c", script, "sh", *args), {"PATH": os.defpath, **env}, "/")


def family(one: Attempt) -> list[int]:
    """Return the pids that DEAF_FAMILY prints, once all are there."""
    assert eventually(lambda: len(one.output.lines()) == 3)
    return [int(line) for line in one.output.lines()]


def helper_pid(host: ProcessHost) -> int:
    assert host._helper is not None
    return host._helper.pid


def gone(pids: list[int]) -> bool:
    return eventually(lambda: not any(is_alive(pid) for pid in pids))


def test_a_command_runs_and_its_usage_is_its_own(host: ProcessHost, attempt: Attempts) -> None:
    ballast = bytearray(os.urandom(1024)) * (300 * 1024)
    one = attempt()
    ending = host.run(Command(("/bin/echo", "hi"), {}, "/"), one.context)
    assert ending.status == 0
    assert one.output.text() == "hi\n"
    assert ending.usage.max_rss_bytes is not None
    assert 0 < ending.usage.max_rss_bytes < 20_000_000 < len(ballast)


def test_cpu_seconds_count_what_descendants_used(host: ProcessHost, attempt: Attempts) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    ending = host.run(sh('"$1" -c "$2"; true', sys.executable, burn), attempt().context)
    assert ending.usage.cpu_seconds is not None
    assert ending.usage.cpu_seconds >= 0.3


def test_the_death_of_the_owner_takes_every_descendant(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, DEAF_FAMILY], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pids = [int(owner.stdout.readline()) for _ in range(3)]
    assert all(is_alive(pid) for pid in pids)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert gone(pids)


def test_the_death_of_the_helper_is_told_and_leaves_nothing(
    host: ProcessHost, attempt: Attempts
) -> None:
    one = attempt()
    one.start(host.run, sh(DEAF_FAMILY))
    pids = family(one)
    os.kill(helper_pid(host), signal.SIGKILL)
    outcome = outcome_of(one.ending(), "Script")
    assert (outcome.verdict, outcome.error_code) == ("failed", "HELPER_LOST")
    assert gone(pids)


def test_a_helper_that_died_is_replaced(host: ProcessHost, attempt: Attempts) -> None:
    assert host.run(sh("exit 0"), attempt().context).status == 0
    first = helper_pid(host)
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: not is_alive(first))
    assert host.run(sh("exit 4"), attempt().context).status == 4
    assert helper_pid(host) != first


def test_a_helper_that_hangs_is_given_up(
    host: ProcessHost, attempt: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_LOST_SECONDS", 0.3)
    monkeypatch.setattr(process, "_CLOSE_SECONDS", 0.3)
    one = attempt()
    one.start(host.run, sh(DEAF_FAMILY))
    pids = family(one)
    os.kill(helper_pid(host), signal.SIGSTOP)
    one.stop.set("force")
    assert outcome_of(one.ending(), "Script").verdict == "cancelled"
    assert gone(pids)


def test_sigterm_makes_the_helper_end_everything(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    one.start(host.run, sh(DEAF_FAMILY))
    pids = family(one)
    os.kill(helper_pid(host), signal.SIGTERM)
    assert one.ending().is_lost
    assert gone(pids)


def test_an_interrupt_does_not_reach_the_helper(host: ProcessHost, attempt: Attempts) -> None:
    assert host.run(sh("exit 0"), attempt().context).status == 0
    first = helper_pid(host)
    os.kill(first, signal.SIGINT)
    assert host.run(sh("exit 0"), attempt().context).status == 0
    assert helper_pid(host) == first


@pytest.mark.usefixtures("short_grace")
def test_a_deaf_script_and_its_runaway_grandchild_are_killed(
    host: ProcessHost, attempt: Attempts
) -> None:
    one = attempt()
    one.start(host.run, sh(DEAF_FAMILY))
    pids = family(one)
    one.stop.set("cancel")
    assert one.ending().status == -signal.SIGKILL
    assert not any(is_alive(pid) for pid in pids)


def test_a_cancel_that_becomes_a_force_kills_at_once(
    host: ProcessHost, attempt: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 3600.0)
    one = attempt()
    one.start(host.run, sh("trap 'echo asked' TERM\necho ready\nwhile :; do sleep 0.01; done"))
    one.output.wait_for("ready")
    one.stop.set("cancel")
    one.output.wait_for("asked")
    one.stop.set("force")
    ending = one.ending()
    assert (ending.status, ending.stopped) == (-signal.SIGKILL, "force")


def test_sigterm_reaches_every_process_once(host: ProcessHost, attempt: Attempts) -> None:
    script = """
    setsid sh -c 'trap "echo grandchild >&2; exit" TERM
                  echo up >&2; while :; do sleep 0.01; done' &
    trap 'echo main; sleep 0.2; exit 5' TERM
    while :; do sleep 0.01; done
    """
    one = attempt()
    one.start(host.run, sh(script))
    one.output.wait_for("up", "stderr")
    one.stop.set("cancel")
    ending = one.ending()
    assert (ending.status, ending.stopped) == (5, "cancel")
    assert one.output.text() == "main\n"
    assert one.output.lines("stderr").count("grandchild") == 1


def test_what_a_command_leaves_behind_is_killed(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    script = "sleep 1000 &\necho $!\nsetsid sleep 1000 >/dev/null 2>&1 &\necho $!"
    assert host.run(sh(script), one.context).status == 0
    assert not any(is_alive(int(line)) for line in one.output.lines())


def test_a_stranger_who_holds_the_pipe_does_not_hold_the_attempt(
    host: ProcessHost, attempt: Attempts, tmp_path: Path
) -> None:
    one = attempt()
    go = tmp_path / "go"
    one.start(host.run, sh('echo $$; until [ -e "$1" ]; do sleep 0.01; done', str(go)))
    assert eventually(one.output.lines)
    with Path(f"/proc/{one.output.lines()[0]}/fd/1").open("wb"):
        go.touch()
        assert one.ending().status == 0


def test_zombies_are_collected_while_the_command_runs(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    orphans = "i=0; while [ $i -lt 200 ]; do (true & ) ; i=$((i+1)); done; echo done; sleep 1000"
    one.start(host.run, sh(orphans))
    one.output.wait_for("done")
    # The helper, the shell and its last sleep: the 200 orphans are gone, not only dead.
    assert eventually(lambda: len(children()) == 3)


def test_many_runs_leave_no_zombie_and_no_descriptor(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    host.run(sh("true"), one.context)
    before = descriptors()
    for _ in range(50):
        host.run(sh("(sleep 1000 & true &)"), one.context)
    assert children() == {helper_pid(host)}
    assert descriptors() == before
    assert len(list(Path(f"/proc/{helper_pid(host)}/fd").iterdir())) <= 8


def test_arguments_and_environment_of_hundreds_of_kilobytes_arrive(
    host: ProcessHost, attempt: Attempts
) -> None:
    args = [chr(97 + index) * 100_000 for index in range(5)]
    env = {f"V{index}": chr(65 + index) * 100_000 for index in range(5)}
    one = attempt()
    ending = host.run(sh('printf %s "$@" "$V0" "$V1" "$V2" "$V3" "$V4"', *args, **env), one.context)
    assert ending.status == 0
    assert one.output.text() == "".join([*args, *env.values()])


def test_a_body_of_any_size_is_fed_and_may_be_ignored(host: ProcessHost, attempt: Attempts) -> None:
    body = "ü" * 700_000
    one = attempt()
    cat = Command(("/bin/cat",), {}, "/", body=body)
    assert host.run(cat, one.context).status == 0
    assert one.output.text() == body
    assert host.run(Command(("/bin/true",), {}, "/", body=body), one.context).status == 0


@pytest.mark.parametrize(
    ("command", "step", "code"),
    [
        (Command(("/nowhere/to/be/found",), {}, "/"), "exec", "START_FAILED"),
        (Command(("/etc/passwd",), {}, "/"), "exec", "START_FAILED"),
        (Command(("/bin/true",), {}, "/nowhere"), "chdir", "WORKING_DIR_MISSING"),
        (Command(("/bin/true", "x" * 5_000_000), {}, "/"), "exec", "ARGUMENTS_TOO_LONG"),
    ],
)
def test_a_command_that_cannot_start_says_in_which_step(
    command: Command, step: str, code: str, host: ProcessHost, attempt: Attempts
) -> None:
    ending = host.run(command, attempt().context)
    assert ending.failure is not None
    assert ending.failure.step == step
    assert outcome_of(ending, "Script").error_code == code
    assert host.run(sh("exit 0"), attempt().context).status == 0


def test_a_command_starts_in_a_clean_state(host: ProcessHost, attempt: Attempts) -> None:
    script = """
    ls /proc/self/fd
    grep -E 'Sig(Blk|Ign)' /proc/self/status | sort
    umask
    ps -o sid= -p $$ | tr -d ' '
    echo $$
    """
    one = attempt()
    host.run(sh(script), one.context)
    *descriptors, blocked, ignored, umask, session, pid = one.output.lines()
    assert descriptors == ["0", "1", "2", "3"]  # the last is the one by which ls lists them
    of_the_c_library = 0b11 << 31  # signals 32 and 33, which nobody but it may set
    for mask in (blocked, ignored):
        assert int(mask.split()[1], 16) & ~of_the_c_library == 0
    assert umask == "0022"
    assert session == pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")
def test_a_command_runs_as_another_user(host: ProcessHost, attempt: Attempts) -> None:
    nobody = pwd.getpwnam("nobody")
    identity = (nobody.pw_uid, nobody.pw_gid, [nobody.pw_gid])
    one = attempt()
    host.run(Command(("/usr/bin/id",), {}, "/", identity=identity), one.context)
    assert f"uid={nobody.pw_uid}(nobody)" in one.output.text()
    assert "root" not in one.output.text()


def test_niceness_is_set(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    host.run(Command(("/usr/bin/nice",), {}, "/", nice=7), one.context)
    assert one.output.text() == "7\n"


def test_an_exception_in_the_owner_leaves_nothing(
    host: ProcessHost, attempt: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = attempt()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(one.output, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        host.run(sh("echo hi; sleep 1000"), one.context)
    assert children() == set()


def test_an_end_before_the_signal_counts(host: ProcessHost, attempt: Attempts) -> None:
    one = attempt()
    one.start(host.run, sh("echo $$; sleep 0.3"))
    assert eventually(one.output.lines)
    os.kill(helper_pid(host), signal.SIGSTOP)
    assert eventually(lambda: not is_alive(int(one.output.lines()[0])))
    one.stop.set("cancel")
    os.kill(helper_pid(host), signal.SIGCONT)
    ending = one.ending()
    assert (ending.status, ending.stopped) == (0, None)


def test_slots_do_not_touch_each_other(attempt: Attempts, tmp_path: Path) -> None:
    hosts = [ProcessHost(), ProcessHost()]
    go = tmp_path / "go"
    runs = [attempt(), attempt()]
    for slot, one in zip(hosts, runs, strict=True):
        one.start(slot.run, sh('echo up; until [ -e "$1" ]; do sleep 0.01; done', str(go)))
        one.output.wait_for("up")
    runs[0].stop.set("force")
    assert runs[0].ending().status == -signal.SIGKILL
    hosts[0].close()
    go.touch()
    assert runs[1].ending().status == 0
    hosts[1].close()
    assert children() == set()
