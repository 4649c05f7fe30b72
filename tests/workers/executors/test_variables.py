"""Variables reach the work of every kind, at its start, and are written nowhere.

Real rows, a real claim and real executors; only the broker's message is left out.
"""

import json
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.containers import ContainerRules
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules
from app.gateways import cipher
from app.models import Base
from tests.support.api import LATER, claim_one, get, make, settle
from tests.support.docker_engine import IMAGE
from tests.support.http_target import HttpTarget, answer
from tests.workers.executors import kit_claude, kit_python
from workers.executors.base import Options
from workers.executors.stop import StopSignal
from workers.feed import Feed
from workers.flights import Flight
from workers.log_sink import LogSink
from workers.performer import Performer

PAYLOAD = "payload $(id) \"'; id\n{{7*7}} ${OTHER} %s"


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


class Worker:
    """Makes jobs, starts them, and performs them as a worker does."""

    def __init__(self, client: Any, options: Options) -> None:
        self.client, self.options = client, options
        self.performers: list[Performer] = []

    def __call__(self, kind: str, config: Any, opened: Options | None = None) -> Any:
        """Return the flight, the result and the output of a new job."""
        return self.again(make(self.client, type=kind, config=config)["id"], opened)

    def again(self, job_id: str, opened: Options | None = None) -> Any:
        answer = self.client.post(f"/api/jobs/{job_id}/execute")
        assert answer.status_code == 200, answer.text
        claim = claim_one()
        flight = Flight(claim, LogSink(claim.id, 1_000_000), StopSignal())
        flight.began = flight.claimed
        self.performers.append(Performer(opened or self.options, Feed("w", 1)))
        result = self.performers[-1].perform(flight).result
        flight.stop.close()
        kept = ("exit_code", "error", "error_code", "output_tail")
        settle(claim, result.verdict, **{name: getattr(result, name) for name in kept})
        return flight, result, result.output_tail or ""

    def close(self) -> None:
        for performer in self.performers:
            for executor in getattr(performer._local, "executors", {}).values():
                executor.close()


@pytest.fixture
def run(client, options):
    """Yield what makes and performs jobs."""
    worker = Worker(client, options)
    yield worker
    worker.close()


def new(client, name, value, **more):
    body = {"name": name, "value": value, **more}
    made = client.post("/api/variables", json=body)
    assert made.status_code == 201, made.text
    return made.json["data"]["id"]


def test_a_request_has_them_in_address_headers_and_body(client, run, target):
    base = target.serve(answer(), "/v1/orders")
    new(client, "BASE", base.removesuffix("/v1/orders"))
    new(client, "TOKEN", "s3cret-token", is_sensitive=True)
    config = {
        "url": "${BASE}/v1/orders?k=${TOKEN}",
        "method": "POST",
        "headers": {"Authorization": "Bearer ${TOKEN}"},
        "body": '{"token": "${TOKEN}", "price": "$${PRICE}"}',
    }
    flight, result, _ = run("http", config)
    assert result.verdict == "completed", result.error
    (seen,) = target.seen
    assert seen.target == "/v1/orders?k=s3cret-token"
    assert seen.headers["authorization"] == "Bearer s3cret-token"
    assert json.loads(seen.body) == {"token": "s3cret-token", "price": "${PRICE}"}
    assert flight.secrets == ("s3cret-token",)


def test_an_address_made_of_variables_is_held_against_the_rules(client, run, options):
    new(client, "HOST", "169.254.169.254")
    opened = replace(options, outbound=OutboundPolicy())
    _, result, _ = run("http", {"url": "http://${HOST}/latest/meta-data"}, opened=opened)
    assert (result.verdict, result.error_code) == ("failed", "TARGET_NOT_ALLOWED")
    new(client, "EVIL", "e.example/\r\nX: y")
    _, result, _ = run("http", {"url": "http://${EVIL}/"}, opened=opened)
    assert result.error_code == "CONFIG_INVALID"
    config = {"url": "http://e.example/", "headers": {"A": "${EVIL}"}}
    _, result, _ = run("http", config)
    assert result.error_code == "CONFIG_INVALID"
    assert "X: y" not in result.error


def test_a_script_gets_them_from_its_environment_and_never_as_text(client, run):
    new(client, "PAYLOAD", PAYLOAD)
    new(client, "TOKEN", "s3cret", is_sensitive=True)
    new(client, "ELSEWHERE", "unasked")
    new(client, "ARGUMENT", "a b")
    config = {
        "script": 'printf "%s|" "${PAYLOAD}" "$1" "$FROM_ENV" "${UNSET-none}"\n'
        'test "$TOKEN" = s3cret && echo "$TOKEN"',
        "args": ["${ARGUMENT}"],
        "env": {"FROM_ENV": "<${ARGUMENT}>"},
    }
    flight, result, output = run("shell", config)
    assert result.verdict == "completed", result.error
    assert output == f"{PAYLOAD}|a b|<a b>|none|***\n"
    assert flight.secrets == ("s3cret",)
    _, _, output = run("shell", {"script": 'echo "[$(env | grep -c unasked)]"'})
    assert output == "[0]\n"


def test_a_job_gets_its_own_in_any_case(client, run):
    job = make(client, config={"script": 'sh -c "env | grep ^MINE="'})["id"]
    new(client, "MINE", "of another")
    new(client, "MINE", "of the job", job_id=job)
    _, _, output = run.again(job)
    assert output == "MINE=of the job\n"


def test_the_nearest_of_a_name_counts(client, run):
    job = make(client, config={"script": "echo $WHO"})["id"]
    found = []
    for place in ({}, {"project_id": "default"}, {"job_id": job}):
        new(client, "WHO", str(place or "global"), **place)
        found.append(run.again(job)[2])
    assert found == ["global\n", "{'project_id': 'default'}\n", f"{{'job_id': '{job}'}}\n"]


def test_claude_gets_them_in_its_prompt(client, run, options, tmp_path, monkeypatch):
    kit_claude.put_on_path(tmp_path / "bin", monkeypatch)
    new(client, "MONTH", "January")
    flight, result, output = run("claude", {"prompt": "echo Sum up ${MONTH}", "env": {}})
    assert result.verdict == "completed", result.error
    assert output == "Sum up January\n"
    assert flight.secrets == ()


def test_a_callable_gets_them_in_its_arguments(client, run, options, tmp_path, monkeypatch):
    kit_python.put_on_path(tmp_path / "packages", monkeypatch)
    opened = replace(options, programs=ProgramRules(packages=(kit_python.PACKAGE,)))
    settings = client.application.config["SETTINGS"]
    allowing = settings.model_copy(update={"python_allow": (kit_python.PACKAGE,)})
    monkeypatch.setitem(client.application.config, "SETTINGS", allowing)
    new(client, "TOKEN", "s3cret", is_sensitive=True)
    new(client, "WORD", "of all")
    config = {
        "callable": f"{kit_python.PACKAGE}.monthly:echo",
        "args": ["${WORD}", 3, {"deep": ["${WORD}"]}],
        "kwargs": {"key": "${TOKEN}"},
    }
    flight, result, output = run("python", config, opened=opened)
    assert result.verdict == "completed", result.error
    assert json.loads(output)["args"] == ["of all", 3, {"deep": ["of all"]}]
    assert json.loads(output)["kwargs"] == {"key": "***"}
    assert flight.secrets == ("s3cret",)


def test_a_container_has_them_in_its_environment_and_image(client, run, options, docker_engine):
    opened = replace(options, docker_host=docker_engine.host, containers=ContainerRules())
    name, _, tag = IMAGE.partition(":")
    new(client, "IMAGE", name)
    new(client, "TAG", tag or "latest")
    new(client, "PAYLOAD", PAYLOAD)
    config = {
        "image": "${IMAGE}:${TAG}",
        "command": ["sh", "-c", 'printf "%s|%s" "${PAYLOAD}" "$GIVEN"; pwd'],
        "env": {"GIVEN": "x${TAG}"},
        "workdir": "/srv",
        "network": "none",
    }
    _, result, output = run("docker", config, opened=opened)
    assert result.verdict == "completed", result.error
    assert output == f"{PAYLOAD}|x{tag or 'latest'}/srv\n"


# What is missing, and what is not to be found ---------------------------------------------------


def test_without_any_variable_all_stays_as_it_is_written(client, run, target):
    url = target.serve(answer(), "/hook")
    config = {"url": url, "method": "POST", "body": "${A} $${B}"}
    _, result, _ = run("http", config)
    assert result.verdict == "completed"
    assert target.seen[0].body == b"${A} $${B}"
    new(client, "OF_ANOTHER", "x", job_id=make(client)["id"])
    run("http", config)
    assert target.seen[1].body == b"${A} $${B}"


def test_a_missing_one_is_named_and_nothing_is_run(client, run, target):
    url = target.serve(answer(), "/hook")
    new(client, "THERE", "x")
    config = {"url": url, "method": "POST", "body": "${THERE} ${NOPE} ${ZERO}"}
    _, result, _ = run("http", config)
    assert (result.verdict, result.error_code) == ("failed", "VARIABLE_MISSING")
    assert result.error.endswith("is named ${NOPE}, ${ZERO}")
    assert target.seen == []


def test_a_config_that_is_nothing_without_its_variables_says_which_it_lacks(client, run):
    _, result, _ = run("http", {"url": "${BASE}/x"})
    assert result.error_code == "VARIABLE_MISSING"
    assert "${BASE}" in result.error


def test_what_is_put_in_is_judged_as_if_it_had_been_written(client, run):
    new(client, "IMAGE", "not an image; s3cret", is_sensitive=True)
    _, result, _ = run("docker", {"image": "${IMAGE}"})
    assert (result.verdict, result.error_code) == ("failed", "CONFIG_INVALID")
    assert "image: " in result.error
    assert "s3cret" not in result.error


def test_a_value_that_this_key_does_not_open_fails_in_words(client, run, monkeypatch):
    new(client, "TOKEN", "s3cret", is_sensitive=True)
    monkeypatch.setattr(cipher, "_cipher", cipher.Cipher([b"x" * 32]))
    _, result, _ = run("shell", {"script": "echo $TOKEN"})
    assert result.error_code == "VARIABLE_UNREADABLE"
    assert "TOKEN can't be decrypted" in result.error


def test_a_change_holds_for_what_starts_later(client, run):
    job = make(client, config={"script": "echo $WHO"})["id"]
    variable = new(client, "WHO", "first")
    client.post(f"/api/jobs/{job}/execute")
    claim = claim_one()
    client.patch(f"/api/variables/{variable}", json={"value": "second"})
    assert [one.stored for one in claim.variables] == ["first"]
    settle(claim)
    assert run.again(job)[2] == "second\n"
    client.delete(f"/api/variables/{variable}")
    assert run.again(job)[2] == "\n"


def test_no_secret_is_kept_anywhere(client, run, target):
    base = target.serve(answer(), "/hook")
    new(client, "TOKEN", "s3cret-token", is_sensitive=True)
    run("http", {"url": base, "headers": {"Authorization": "Bearer ${TOKEN}"}})
    run("shell", {"script": 'echo "$TOKEN" "$1"; echo "$TOKEN" >&2; exit 3', "args": ["${TOKEN}"]})
    run("docker", {"image": "${TOKEN} ${TOKEN}"})
    assert target.seen[0].headers["authorization"] == "Bearer s3cret-token"
    with db.reading() as session:
        dump = [
            str(row) for t in Base.metadata.sorted_tables for row in session.execute(sa.select(t))
        ]
    assert len(dump) > 10
    assert not [row for row in dump if "s3cret" in row]


def test_parameters_of_a_start_are_no_place_for_variables(client, run):
    new(client, "TOKEN", "s3cret", is_sensitive=True)
    job = make(client, config={"script": 'echo "$1 $X"'}, scheduled_at=LATER)["id"]
    body = {"args": ["${TOKEN}"], "env": {"X": "${TOKEN}"}}
    assert client.post(f"/api/jobs/{job}/execute", json=body).status_code < 300
    claim = claim_one()
    assert claim.variables == ()
    assert json.loads(claim.parameters)["args"] == ["${TOKEN}"]
    assert get(client, f"/api/jobs/{job}")["data"]["id"] == job
