"""What only docker jobs do, on a real engine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.containers import ContainerRules
from app.domain.specs.docker import DockerSpec
from tests.support.docker_engine import IMAGE, DockerEngine
from tests.workers.executors.docker_runs import Attempts, left, sh
from workers.executors import docker_run
from workers.executors.base import Options
from workers.executors.docker import DockerExecutor
from workers.executors.docker_order import name_of


@pytest.fixture
def executor(options: Options, docker_engine: DockerEngine) -> Iterator[DockerExecutor]:
    made = replace(options, docker_host=docker_engine.host, installation_id="i" * 32)
    executor = DockerExecutor(made)
    yield executor
    executor.close()


def test_streams_come_apart_and_in_order(executor: DockerExecutor, attempt: Attempts) -> None:
    one = attempt()
    outcome = executor.perform(sh("echo a; echo b >&2; echo c; printf tail"), one.context)
    assert outcome.verdict == "completed"
    assert one.output.text() == "a\nc\ntail"
    assert one.output.text("stderr") == "b\n"
    assert one.output.text("system") == ""


def test_a_failure_repeats_the_end_of_stderr(executor: DockerExecutor, attempt: Attempts) -> None:
    outcome = executor.perform(sh("echo broken >&2; exit 3"), attempt().context)
    assert (outcome.verdict, outcome.exit_code) == ("failed", 3)
    assert outcome.error == "Container exited with code 3: broken"
    assert outcome.error_code == "EXIT_CODE"


def test_what_the_job_and_the_person_gave_arrives(
    executor: DockerExecutor, attempt: Attempts
) -> None:
    script = 'echo "$A $B $C"; echo "$TRACEPARENT"; echo "$ONEOFF_IDEMPOTENCY_KEY"; pwd; cat'
    one = attempt(env={"B": "person", "C": "c"}, body="from stdin\n" * 50_000)
    outcome = executor.perform(
        sh(script, env={"A": "job", "B": "job"}, workdir="/srv"), one.context
    )
    assert outcome.verdict == "completed"
    lines = one.output.lines()
    assert lines[0] == "job person c"
    assert lines[1:4] == [one.context.traceparent, one.context.root_execution_id, "/srv"]
    assert lines[4:] == ["from stdin"] * 50_000


def test_arguments_of_the_start_replace_the_command(
    executor: DockerExecutor, attempt: Attempts
) -> None:
    one = attempt(args=("two  words", "$HOME"))
    spec = DockerSpec(image=IMAGE, entrypoint=["echo"], command=["x"], network="none")
    assert executor.perform(spec, one.context).verdict == "completed"
    assert one.output.lines() == ["two  words $HOME"]


def test_a_body_that_nobody_reads_does_no_harm(executor: DockerExecutor, attempt: Attempts) -> None:
    one = attempt(body="x" * 5_000_000)
    assert executor.perform(sh("exit 0"), one.context).verdict == "completed"


def test_without_a_body_stdin_is_empty(executor: DockerExecutor, attempt: Attempts) -> None:
    one = attempt()
    assert executor.perform(sh("cat; echo end"), one.context).verdict == "completed"
    assert one.output.lines() == ["end"]


def test_a_variable_that_can_not_be_given_is_refused(
    executor: DockerExecutor, attempt: Attempts
) -> None:
    outcome = executor.perform(sh("true"), attempt(env={"A=B": "x"}).context)
    assert outcome.error_code == "INVALID_PARAMETERS"


@pytest.mark.parametrize("auto_remove", [True, False])
@pytest.mark.parametrize("reason", ["cancel", "force", "timeout"])
def test_a_stopped_container_is_gone(
    reason: Any,
    auto_remove: bool,
    executor: DockerExecutor,
    attempt: Attempts,
    docker_engine: DockerEngine,
) -> None:
    one = attempt(seconds=1.5 if reason == "timeout" else 60)
    spec = sh("echo begun; sleep 600", auto_remove=auto_remove)
    one.start(executor.perform, spec)
    one.output.wait_for("begun")
    if reason != "timeout":
        one.stop.set(reason)
    assert one.ending().exit_code == (124 if reason == "timeout" else 130)
    assert left(docker_engine, one) == []


def test_the_own_timeout_of_the_job_counts(executor: DockerExecutor, attempt: Attempts) -> None:
    outcome = executor.perform(sh("sleep 600", timeout=1), attempt().context)
    assert (outcome.verdict, outcome.exit_code) == ("timeout", 124)


def test_a_container_may_tidy_up_when_it_is_cancelled(
    executor: DockerExecutor, attempt: Attempts
) -> None:
    one = attempt()
    script = "trap 'echo tidied; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    one.start(executor.perform, sh(script))
    one.output.wait_for("begun")
    one.stop.set("cancel")
    assert one.ending().verdict == "cancelled"
    assert one.output.lines() == ["begun", "tidied"]


def test_a_cancel_that_is_ignored_becomes_a_force(
    executor: DockerExecutor,
    attempt: Attempts,
    docker_engine: DockerEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(docker_run, "GRACE_SECONDS", 0.5)
    one = attempt()
    one.start(executor.perform, sh("trap '' TERM; echo begun; while :; do sleep 0.1; done"))
    one.output.wait_for("begun")
    one.stop.set("cancel")
    assert one.ending().verdict == "cancelled"
    assert left(docker_engine, one) == []


def test_a_container_that_ended_by_itself_is_kept_if_wanted(
    executor: DockerExecutor, attempt: Attempts, docker_engine: DockerEngine
) -> None:
    one = attempt()
    assert executor.perform(sh("echo hi; exit 4", auto_remove=False), one.context).exit_code == 4
    try:
        assert len(left(docker_engine, one)) == 1
        assert docker_engine.run("logs", name_of(one.context)) == "hi\n"
    finally:
        docker_engine.run("rm", "--force", name_of(one.context))


def test_labels_say_whose_container_it_is(
    executor: DockerExecutor, attempt: Attempts, docker_engine: DockerEngine
) -> None:
    one = attempt()
    one.start(executor.perform, sh("echo begun; sleep 600", memory="64m"))
    one.output.wait_for("begun")
    found = json.loads(docker_engine.run("inspect", name_of(one.context)))[0]
    assert found["Config"]["Labels"] == {
        "oneoff.installation": "i" * 32,
        "oneoff.execution": one.context.execution_id,
        "oneoff.epoch": "0",
        "oneoff.job": one.context.job_id,
    }
    assert found["HostConfig"]["Init"] is True
    assert found["HostConfig"]["Memory"] == found["HostConfig"]["MemorySwap"] == 64 * 1024**2
    assert found["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
    assert found["HostConfig"]["LogConfig"]["Type"] == "none"
    one.stop.set("force")
    one.ending()


def test_limits_and_walls_are_built(executor: DockerExecutor, attempt: Attempts) -> None:
    script = (
        "id -u; id -g; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; "
        "touch /x 2>/dev/null || echo read-only; touch /t/x && echo in memory; "
        "grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status; df -k /dev/shm"
    )
    one = attempt()
    spec = sh(
        script,
        user="1234:5678",
        pids_limit=50,
        read_only=True,
        tmpfs={"/t": "size=1m,mode=1777"},
        cap_drop=["ALL"],
        shm_size="8m",
        cpus=0.5,
        memory="64m",
    )
    outcome = executor.perform(spec, one.context)
    assert outcome.verdict == "completed", outcome.error
    text = one.output.text()
    assert one.output.lines()[:5] == ["1234", "5678", "50", "read-only", "in memory"]
    assert "CapEff:\t0000000000000000" in text
    assert "NoNewPrivs:\t1" in text
    assert " 8192 " in text


def test_folders_of_the_host_are_mounted(
    executor: DockerExecutor, attempt: Attempts, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("content\n")
    (tmp_path / "out").mkdir()
    volumes = {str(tmp_path / "in"): "/in:ro", str(tmp_path / "out"): "/out"}
    one = attempt()
    script = "cat /in/file; touch /in/new 2>/dev/null || echo refused; cp /in/file /out/copy"
    assert executor.perform(sh(script, volumes=volumes), one.context).verdict == "completed"
    assert one.output.lines() == ["content", "refused"]
    assert (tmp_path / "out" / "copy").read_text() == "content\n"


def test_too_little_memory_is_named(executor: DockerExecutor, attempt: Attempts) -> None:
    script = "tail /dev/zero"  # keeps all of an endless line
    outcome = executor.perform(sh(script, memory="16m"), attempt().context)
    assert (outcome.verdict, outcome.exit_code) == ("failed", 137)
    assert (outcome.error_code, "16m" in (outcome.error or "")) == ("OUT_OF_MEMORY", True)


def test_what_it_used_is_noted(executor: DockerExecutor, attempt: Attempts) -> None:
    script = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done; sleep 1"
    usage = executor.perform(sh(script), attempt().context).usage
    assert usage.cpu_seconds is not None
    assert 0 < usage.cpu_seconds < 10
    assert usage.max_rss_bytes


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"network": "no-such-network"}, "no-such-network"),
        ({"volumes": {"/no/such/folder": "/data"}}, "/no/such/folder"),
        ({"user": "nobody-known"}, "nobody-known"),
        ({"cpus": 4096}, "CPUs"),
    ],
)
def test_the_engine_s_own_words_say_what_it_refuses(
    more: dict[str, Any],
    words: str,
    executor: DockerExecutor,
    attempt: Attempts,
    docker_engine: DockerEngine,
) -> None:
    one = attempt()
    outcome = executor.perform(sh("true", env={"TOKEN": "very-secret"}, **more), one.context)
    assert (outcome.verdict, outcome.error_code) == ("failed", "CONTAINER_REFUSED")
    assert words in (outcome.error or "")
    assert "very-secret" not in repr(outcome)
    assert left(docker_engine, one) == []


def test_an_unknown_program_is_an_exit_code(executor: DockerExecutor, attempt: Attempts) -> None:
    spec = DockerSpec(image=IMAGE, command=["no-such-program"], network="none")
    outcome = executor.perform(spec, attempt().context)
    assert outcome.exit_code == 127
    assert "no-such-program" in (outcome.error or "")


def test_a_symbolic_link_is_no_way_round_the_rules(
    executor: DockerExecutor, attempt: Attempts, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to("/etc")
    spec = sh("cat /data/shadow", volumes={str(tmp_path / "link"): "/data"})
    outcome = executor.perform(spec, attempt().context)
    assert outcome.error_code == "OPTION_NOT_ALLOWED"
    assert "/etc" in (outcome.error or "")


def test_what_the_operator_allows_is_allowed(
    options: Options, docker_engine: DockerEngine, attempt: Attempts
) -> None:
    rules = ContainerRules(allow=("cap:SYS_TIME", "network:host"))
    allowed = replace(options, docker_host=docker_engine.host, containers=rules)
    spec = sh(
        "grep CapEff /proc/self/status", network="host", cap_drop=["ALL"], cap_add=["SYS_TIME"]
    )
    one = attempt()
    assert DockerExecutor(allowed).perform(spec, one.context).verdict == "completed"
    assert one.output.text() == "CapEff:\t0000000002000000\n"
    refused = DockerExecutor(replace(allowed, containers=ContainerRules()))
    assert refused.perform(spec, attempt().context).error_code == "OPTION_NOT_ALLOWED"


def test_much_output_arrives_whole(executor: DockerExecutor, attempt: Attempts) -> None:
    one = attempt()
    outcome = executor.perform(sh("yes | head -c 20000000; echo; echo end"), one.context)
    assert outcome.verdict == "completed"
    assert one.output.size == 20_000_005
    assert one.output.lines()[0] == "y"
