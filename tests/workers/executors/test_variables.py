"""Variables reach the work of every kind, at its start, and are written nowhere.

Real rows, a real claim and real executors; only the broker's message is left out.
"""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

import workers.performer
from app import db
from app.domain.containers import ContainerRules
from app.domain.masking import NOTHING
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules
from app.gateways import cipher
from app.models import Base
from tests.support.api import LATER, claim_one, get, make, settle
from tests.support.docker_engine import IMAGE
from tests.support.http_target import HttpTarget, answer
from tests.workers.executors import kit_claude, kit_python
from workers.executors.stop import StopSignal
from workers.feed import Feed
from workers.flights import Flight
from workers.log_sink import LogSink
from workers.performer import Performer

SECRET = "s3cret $(id) \"'; id\n{{7*7}} ${OTHER} %s"


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


@pytest.fixture
def unmasked(monkeypatch):
    """Let output show what was given: else secrets are masked in it."""
    monkeypatch.setattr(workers.performer, "masker_for", lambda _secrets: NOTHING)


@pytest.fixture
def run(client, options):
    """Return a function that makes a job, starts it and returns flight, result and output."""
    made = []

    def start(kind, config, *, opened=options):
        job = make(client, type=kind, config=config)
        return again(job["id"], opened=opened)

    def again(job_id, *, opened=options):
        assert client.post(f"/api/jobs/{job_id}/execute").status_code in {200, 201, 202}
        return perform(opened)

    def perform(opened=options):
        claim = claim_one()
        flight = Flight(claim, LogSink(claim.id, 1_000_000), StopSignal())
        flight.began = flight.claimed
        performer = Performer(opened, Feed("w", 1))
        made.append(performer)
        ended = performer.perform(flight)
        flight.stop.close()
        settle(
            claim,
            ended.result.verdict,
            exit_code=ended.result.exit_code,
            error=ended.result.error,
            error_code=ended.result.error_code,
        )
        return flight, ended.result, ended.result.output_tail or ""

    start.again = again
    yield start
    for performer in made:
        for executor in getattr(performer._local, "executors", {}).values():
            executor.close()


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


@pytest.mark.usefixtures("unmasked")
def test_a_script_gets_them_from_its_environment_and_never_as_text(client, run):
    new(client, "PAYLOAD", SECRET, is_sensitive=True)
    new(client, "ELSEWHERE", "unasked")
    new(client, "ARGUMENT", "a b")
    config = {
        "script": 'printf "%s|" "${PAYLOAD}" "$1" "$FROM_ENV" "${UNSET-none}"\n'
        'echo "${ELSEWHERE+not asked for}"',
        "args": ["${ARGUMENT}"],
        "env": {"FROM_ENV": "<${ARGUMENT}>"},
    }
    flight, result, output = run("shell", config)
    assert result.verdict == "completed", result.error
    assert output == f"{SECRET}|a b|<a b>|none|not asked for\n"
    assert flight.secrets == (SECRET,)
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


@pytest.mark.usefixtures("unmasked")
def test_a_callable_gets_them_in_its_arguments(client, run, options, tmp_path, monkeypatch):
    kit_python.put_on_path(tmp_path / "packages", monkeypatch)
    opened = replace(options, programs=ProgramRules(packages=(kit_python.PACKAGE,)))
    monkeypatch.setitem(client.application.config, "SETTINGS", allowing_python(client))
    new(client, "TOKEN", "s3cret", is_sensitive=True)
    config = {
        "callable": f"{kit_python.PACKAGE}.monthly:echo",
        "args": ["${TOKEN}", 3, {"deep": ["${TOKEN}"]}],
        "kwargs": {"key": "${TOKEN}"},
    }
    flight, result, output = run("python", config, opened=opened)
    assert result.verdict == "completed", result.error
    assert json.loads(output)["args"] == ["s3cret", 3, {"deep": ["s3cret"]}]
    assert json.loads(output)["kwargs"] == {"key": "s3cret"}
    assert flight.secrets == ("s3cret",)


def allowing_python(client):
    return replace_settings(client, python_allow=(kit_python.PACKAGE,))


def replace_settings(client, **values):
    return client.application.config["SETTINGS"].model_copy(update=values)


@pytest.mark.usefixtures("unmasked")
def test_a_container_has_them_in_its_environment_and_image(client, run, options, docker_engine):
    opened = replace(options, docker_host=docker_engine.host, containers=ContainerRules())
    name, _, tag = IMAGE.partition(":")
    new(client, "IMAGE", name)
    new(client, "TAG", tag or "latest")
    new(client, "PAYLOAD", SECRET, is_sensitive=True)
    config = {
        "image": "${IMAGE}:${TAG}",
        "command": ["sh", "-c", 'printf "%s|%s" "${PAYLOAD}" "$GIVEN"; pwd'],
        "env": {"GIVEN": "x${TAG}"},
        "workdir": "/srv",
        "network": "none",
    }
    flight, result, output = run("docker", config, opened=opened)
    assert result.verdict == "completed", result.error
    assert output == f"{SECRET}|x{tag or 'latest'}/srv\n"
    assert flight.secrets == (SECRET,)


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
    run("shell", {"script": 'test -n "$TOKEN"', "args": ["${TOKEN}"]})
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
