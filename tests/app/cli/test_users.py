"""``oneoff user`` on the database itself."""

import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from app import db
from app.factory import create_app
from app.models import AuditEntry, User
from app.settings import Settings

GOOD = "plum orbit lantern 42"


@pytest.fixture
def oneoff(database, tmp_path):
    """Return a function that runs the command as a person would."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"DATABASE_URL": db._url, "DATA_DIR": str(tmp_path)}

    def run(*arguments, text=None):
        command = [sys.executable, "-m", "app.cli", *arguments]
        stdin = {"stdin": subprocess.DEVNULL} if text is None else {"input": text}
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, **stdin
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def row_of(name):
    with db.reading() as session:
        return session.scalar(sa.select(User).where(User.username == name))


def may_sign_in(name, password):
    client = create_app(Settings(auth_enabled=True)).test_client()
    body = {"username": name, "password": password}
    return client.post("/api/auth/login", json=body).status_code == 200


def test_the_first_admin_is_made_and_signs_in(oneoff, real_broker, tmp_path):
    assert "no users yet" in oneoff("user", "list").stdout
    done = oneoff("user", "create", "Root", "--admin", "--email", "R@b.de")
    password = done.stdout.strip()
    assert (done.returncode, len(password)) == (0, 20)
    assert password not in done.stderr
    assert may_sign_in("root", password)
    assert row_of("root").must_change_password
    (listed,) = json.loads(oneoff("user", "list", "--json").stdout)
    assert (listed["roles"], listed["email"], listed["created_by"]) == (["admin"], "r@b.de", "cli")
    (tmp_path / "password").write_text(f"{GOOD}\n")
    file = str(tmp_path / "password")
    done = oneoff("user", "set-password", "root", "--password-file", file)
    assert (done.returncode, done.stdout) == (0, "")
    assert (may_sign_in("root", password), may_sign_in("root", GOOD)) == (False, True)
    with db.reading() as session:
        rows = session.scalars(sa.select(AuditEntry).where(AuditEntry.actor == "cli"))
        assert {row.action for row in rows} == {"users.create_user", "users.set_user_password"}


def test_a_user_is_disabled_enabled_and_deleted(oneoff):
    made = oneoff("user", "create", "alice", "--password-file", "-", text=f"{GOOD}\r\n")
    assert (made.returncode, made.stdout) == (0, "")
    assert "disabled" in oneoff("user", "disable", "alice").stdout
    assert not row_of("alice").is_active
    assert json.loads(oneoff("user", "enable", "alice", "--json").stdout)["is_active"]
    assert "alice" in oneoff("user", "list").stdout
    assert oneoff("user", "delete", "alice").returncode == 0
    assert row_of("alice").deleted_at is not None
    again = oneoff("user", "create", "alice")
    assert (again.returncode, again.stdout) == (1, "")
    assert "a deleted user has this username" in again.stderr


def test_a_key_has_an_owner_networks_and_an_overlap(oneoff):
    made = json.loads(oneoff("user", "create", "alice", "--json").stdout)
    given = ("--owner", "alice", "--address", "10.0.0.0/8", "--address", "::1")
    key = json.loads(oneoff("apikey", "create", "--name", "k", *given, "--json").stdout)
    assert (key["owner_id"], key["addresses"]) == (made["id"], ["10.0.0.0/8", "::1/128"])
    done = oneoff("apikey", "rotate", key["id"], "--overlap-seconds", "60", "--json")
    assert json.loads(done.stdout)["owner_id"] == made["id"]
    rows = json.loads(oneoff("apikey", "list", "--json").stdout)
    assert [row["is_active"] for row in rows] == [True, True]
    beyond = oneoff("apikey", "create", "--name", "k", "--owner", "alice", "--scopes", "admin")
    assert (beyond.returncode, "admin" in beyond.stderr) == (1, True)


WRONG = (
    (["create"], 2, "NAME"),
    (["create", "a/b"], 2, "letters a-z"),
    (["create", "bob", "--email", "b"], 2, "e-mail address"),
    (["create", "bob", "--role", "boss"], 1, "unknown: boss"),
    (["create", "bob", "--password", "secret"], 2, "--password"),
    (["create", "bob", "--password-file", "/nowhere"], 2, "No such file"),
    (["create", "root"], 1, "another user has this username"),
    (["set-password", "bob"], 1, "no user called 'bob'"),
    (["disable", "root"], 1, "last active admin"),
    (["delete", "root"], 1, "last active admin"),
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_wrong_is_said_in_a_line(oneoff):
    oneoff("user", "create", "root", "--admin")
    for arguments, code, word in WRONG:
        done = oneoff("user", *arguments)
        assert (done.returncode, done.stdout) == (code, ""), arguments
        assert word in done.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_bad_password_is_refused_and_not_shown(oneoff):
    for password in ("short", "password1", "x" * 5000):
        done = oneoff("user", "create", "bob", "--password-file", "-", text=password)
        assert (done.returncode, done.stdout) == (1, "")
        assert "password" in done.stderr
        assert password not in done.stderr
        assert row_of("bob") is None
