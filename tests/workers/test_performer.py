"""What an attempt leaves behind holds none of its secrets: output, tail, error, log, files."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from app.domain.clock import now
from app.domain.ids import new_id
from app.domain.specs import SPECS
from app.services.executions import Claim
from tests.support.served import served
from tests.workers.executors.kit_claude import put_on_path
from workers.executors.base import Options
from workers.executors.registry import EXECUTORS
from workers.executors.stop import StopSignal
from workers.feed import Feed
from workers.flights import Flight
from workers.log_sink import LogSink
from workers.performer import Ended, Performer

SECRET = "correct-horse+battery/staple"

Perform = Callable[..., Ended]


@pytest.fixture
def options(tmp_path: Path) -> Options:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    return Options(scratch, claude_logs=tmp_path / "logs")


@pytest.fixture
def perform(options: Options, monkeypatch: pytest.MonkeyPatch) -> Iterator[Perform]:
    """Run a config with some secrets; return how it ended."""
    performer = Performer(options, Feed("worker", 1))

    def run(kind: str, config: dict[str, Any], *secrets: str, env: dict[str, str] | None = None):
        claim = Claim(
            id=new_id(),
            epoch=1,
            root_execution_id=new_id(),
            job_id=new_id(),
            job_name="job",
            type=kind,
            config=json.dumps(config),
            timeout_seconds=30,
            attempt=1,
            parameters=json.dumps({"env": env}) if env else None,
            on_lost="fail",
            queue="default",
            run_at=now(),
            started_at=now(),
            exclusive_key=None,
        )
        flight = Flight(claim, LogSink(claim.id, 100_000), StopSignal(), secrets=secrets)
        flight.began = time.monotonic()
        return performer.perform(flight)

    yield run
    for executor in performer._local.__dict__.get("executors", {}).values():
        executor.close()


def left_behind(ended: Ended) -> str:
    """Return all that goes from an attempt to the database."""
    return repr(ended.result) + "".join(chunk.body for chunk in ended.chunks)


def hides(text: str) -> bool:
    """Return whether a text holds nothing of the secret that is worth anything."""
    forms = (SECRET, SECRET[:12], SECRET[-12:], base64.b64encode(SECRET.encode()).decode()[:16])
    return not any(form in text for form in forms)


def test_a_script_that_prints_its_secret_in_pieces_and_fails(perform: Perform) -> None:
    script = (
        'printf %s "${S%????}"; sleep 0.2; echo "${S#"${S%????}"}"; printf %s "user:$S" | base64\n'
        'i=0; while [ $i -lt 60 ]; do echo "E $S" >&2; i=$((i+1)); done; exit 3\n'
    )
    ended = perform("shell", {"script": script}, SECRET, env={"S": SECRET})
    assert ended.result.verdict == "failed"
    assert "***" in (ended.result.error or "")
    assert "***" in (ended.result.output_tail or "")
    assert hides(left_behind(ended))
    plain = perform("shell", {"script": script}, env={"S": SECRET})
    assert SECRET in left_behind(plain)


def test_a_web_address_that_answers_with_the_secret(perform: Perform) -> None:
    target = Flask("echo")

    @target.route("/", methods=["POST"])
    def echo() -> tuple[str, int, dict[str, str]]:
        return f"bad: {request.get_data(as_text=True)}", 500, {"X-Echo": SECRET}

    with served(target) as url:
        config = {"url": url, "method": "POST", "body": SECRET, "retry_count": 0}
        ended = perform("http", config, SECRET)
    assert "bad: ***" in left_behind(ended)
    assert hides(left_behind(ended))


def test_the_log_files_of_claude(
    perform: Perform, options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path / "bin", monkeypatch)
    prompt = f"printf %s '{SECRET[:9]}'; sleep 0.2; printf %s '{SECRET[9:]}'; echo E {SECRET} >&2"
    ended = perform("claude", {"prompt": prompt}, SECRET)
    assert ended.result.verdict == "completed", ended.result
    assert options.claude_logs is not None
    files = sorted(path.read_text() for path in options.claude_logs.iterdir())
    assert files == ["***", "E ***\n"]
    assert hides(left_behind(ended))


def test_a_config_that_can_not_be_read(perform: Perform) -> None:
    config = {"url": f"https://u:{SECRET}@example.com/", "expected_status": SECRET}
    ended = perform("http", config, SECRET)
    assert ended.result.error_code == "CONFIG_INVALID"
    assert "expected_status" in (ended.result.error or "")
    assert hides(left_behind(ended))
    assert hides(left_behind(perform("http", config)))  # as nobody needs to see the values


def test_an_executor_that_breaks_over_a_secret(
    perform: Perform, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __init__(self, options: Options) -> None:
            del options

        def perform(self, spec: object, context: object) -> None:
            raise KeyError(SECRET)

        def close(self) -> None: ...

    monkeypatch.setitem(EXECUTORS, "shell", Broken)
    ended = perform("shell", {"script": "true"}, SECRET)
    assert ended.result.error_code == "EXECUTOR_ERROR"
    assert hides(left_behind(ended))
    assert "KeyError" in caplog.text
    assert hides(caplog.text)


@pytest.mark.parametrize("kind", sorted(SPECS))
def test_an_unknown_field_is_named_without_its_value(kind: str, perform: Perform) -> None:
    ended = perform(kind, {"nonsense": SECRET})
    assert "nonsense" in (ended.result.error or "")
    assert hides(left_behind(ended))
