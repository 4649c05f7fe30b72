"""What jobs must not reach is refused when the job is saved."""

import pytest

from app.factory import create_app
from app.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://[::ffff:a9fe:a9fe]/",
    ],
)
def test_a_literal_address_outside_the_rules_is_refused_with_its_field(client, url) -> None:
    body = {"name": "x", "type": "http", "config": {"url": url}, "scheduled_at": "now"}
    answer = client.post("/api/jobs", json=body)
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json["details"]] == ["config.url"]


def test_loopback_is_allowed_unless_the_operator_denies_it(client) -> None:
    body = {"name": "x", "type": "http", "config": {"url": "http://127.0.0.1:9/"}}
    answer = client.post("/api/jobs", json=body | {"scheduled_at": "2100-01-01T00:00:00Z"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"network": "host"}, "config.network"),
        ({"cap_add": ["SYS_ADMIN"]}, "config.cap_add"),
        ({"volumes": {"/": "/host"}}, "config.volumes"),
        ({"volumes": {"/var/run/docker.sock": "/docker.sock"}}, "config.volumes"),
        ({"privileged": True}, "config.privileged"),
        ({"devices": ["/dev/sda"]}, "config.devices"),
        ({"image": "--privileged"}, "config.image"),
    ],
)
def test_a_container_that_reaches_into_its_host_is_refused(client, config, field) -> None:
    body = {"name": "x", "type": "docker", "config": {"image": "alpine"} | config}
    answer = client.post("/api/jobs", json=body | {"scheduled_at": "now"})
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json["details"]] == [field]


def test_our_own_files_are_not_for_containers(client) -> None:
    folder = str(Settings().folder)
    body = {"name": "x", "type": "docker", "scheduled_at": "now"}
    config = {"image": "alpine", "volumes": {folder: "/data"}}
    answer = client.post("/api/jobs", json=body | {"config": config})
    assert (answer.status_code, "this product" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(
    ("kind", "config", "field", "words"),
    [
        ("claude", {"prompt": " "}, "config.prompt", "must not be empty"),
        ("claude", {"cwd": "src"}, "config.cwd", "must be an absolute path"),
        ("claude", {"skip_permissions": True}, "config.skip_permissions", "CLAUDE_ALLOW_SKIP"),
        ("claude", {"allowed_tools": ["Bash"]}, "config.allowed_tools", "CLAUDE_ALLOW_SKIP"),
        ("claude", {"model": "--help"}, "config.model", "pattern"),
        ("claude", {"args": ["--help"]}, "config.args", "not permitted"),
        ("python", {}, "config.callable", "it allows: nothing yet"),
        ("python", {"callable": "os:__import__"}, "config.callable", "private"),
        ("python", {"callable": "os"}, "config.callable", "package.module:function"),
        ("python", {"env": {"PYTHONPATH": "/tmp"}}, "config.env", "PYTHONPATH can't be set"),
    ],
)
def test_what_programs_must_not_do_is_refused(client, kind, config, field, words) -> None:
    least = {"claude": {"prompt": "hello"}, "python": {"callable": "os:system"}}[kind]
    body = {"name": "x", "type": kind, "config": least | config, "scheduled_at": "now"}
    answer = client.post("/api/jobs", json=body)
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json["details"]] == [field]
    assert words in answer.json["details"][0]["message"]


def test_what_the_operator_allows_is_accepted(real_broker) -> None:
    settings = Settings(claude_allow_skip_permissions=True, python_allow="reports")
    client = create_app(settings).test_client()
    for kind, config in (
        ("claude", {"prompt": "hello", "skip_permissions": True, "cwd": "~/src"}),
        ("python", {"callable": "reports.monthly:build", "args": [{"a": [1]}]}),
    ):
        body = {"name": "x", "type": kind, "config": config}
        answer = client.post("/api/jobs", json=body | {"scheduled_at": "2100-01-01T00:00:00Z"})
        assert answer.status_code == 201, answer.json
