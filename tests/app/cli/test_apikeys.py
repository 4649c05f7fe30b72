"""``oneoff apikey`` on the database itself."""

import json
import os
import subprocess
import sys

import pytest

from app import db
from app.domain.api_keys import is_well_formed
from app.factory import create_app
from app.settings import Settings
from tests.support.api import get


@pytest.fixture
def oneoff(database, tmp_path):
    """Return a function that runs the command as a person would."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"DATABASE_URL": db._url, "DATA_DIR": str(tmp_path)}

    def run(*arguments, **more):
        command = [sys.executable, "-m", "app.cli", "apikey", *arguments]
        return subprocess.run(
            command, env=environ | more, capture_output=True, text=True, check=False
        )

    return run


def test_the_first_key_opens_the_door_and_a_revoked_one_does_not(oneoff, real_broker):
    assert "no API keys yet" in oneoff("list").stdout
    done = oneoff("create", "--name", "first", "--scopes", "admin")
    key = done.stdout.strip()
    assert (done.returncode, is_well_formed(key)) == (0, True)
    assert key not in done.stderr
    client = create_app(Settings(auth_enabled=True)).test_client()
    headers = {"X-API-Key": key}
    (listed,) = client.get("/api/api-keys", headers=headers).get_json()["data"]
    assert (listed["name"], listed["created_by"]) == ("first", "cli")
    lines = oneoff("list").stdout.splitlines()
    assert key[:15] in lines[1]
    assert key not in str(lines)
    assert oneoff("revoke", key[:15]).returncode == 0
    assert "revoked" in oneoff("list").stdout
    client = create_app(Settings(auth_enabled=True)).test_client()
    assert client.get("/api/api-keys", headers=headers).status_code == 401


def test_rotation_prints_the_new_key_alone(oneoff):
    made = json.loads(oneoff("create", "--name", "a", "--expires-in-days", "3", "--json").stdout)
    new = oneoff("rotate", made["id"]).stdout.strip()
    assert is_well_formed(new)
    assert new != made["key"]
    rows = json.loads(oneoff("list", "--json").stdout)
    assert {row["name"]: row["is_active"] for row in rows} == {"a": False, "a (rotated)": True}
    assert len({row["expires_at"] for row in rows}) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["create"], 2, "--name"),
        (["create", "--name", ""], 2, "printable"),
        (["create", "--name", "a", "--scopes", "root"], 2, "read, write, admin"),
        (["create", "--name", "a", "--expires-at", "tomorrow"], 2, "RFC 3339"),
        (["create", "--name", "a", "--expires-at", "2001-01-01T00:00:00Z"], 1, "in the future"),
        (["create", "--name", "a", "--expires-in-days", "0"], 2, "0"),
        (["revoke", "nope"], 1, "API key not found"),
        (["rotate", "0" * 32], 1, "API key not found"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(oneoff, arguments, code, word):
    done = oneoff(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_not_made(oneoff, tmp_path):
    done = oneoff("list", DATABASE_URL="", DB_PATH=str(tmp_path / "none.db"))
    assert done.returncode == 1
    assert "oneoff migrate" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_running_product_heeds_what_the_command_did(oneoff, real_broker):
    client = create_app(Settings(auth_enabled=True)).test_client()
    key = oneoff("create", "--name", "late").stdout.strip()
    assert client.get("/api/jobs", headers={"X-API-Key": key}).status_code == 200
    assert get(create_app(Settings()).test_client(), "/api/api-keys")["total"] == 1
