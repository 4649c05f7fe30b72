"""Signing in from a terminal, staying so, and what is kept of it."""

import json
import os
import stat
import subprocess

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.factory import create_app
from app.models import UserSession
from app.services import access
from app.services.people import sessions
from app.settings import Settings
from tests.app.cli.conftest import COMMAND, environment, on_terminal, read, runner
from tests.app.cli.test_jobs import ended
from tests.support.people import OTHER_PASSWORD, PASSWORD, make_user
from tests.support.served import served

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FILE = ".config/oneoff/session"


@pytest.fixture
def url(real_broker):
    """The address of an API that asks who comes."""
    with served(create_app(Settings(auth_enabled=True))) as address:
        yield address


@pytest.fixture
def run(url, tmp_path):
    """Run a command against it."""
    return runner(url, tmp_path)


@pytest.fixture
def alice(database):
    """A person with the role admin."""
    return make_user("alice", "admin")


def login(run, password=PASSWORD, *words):
    return run("login", "--username", "alice", "--password-stdin", *words, text=f"{password}\n")


def age(tmp_path):
    """Have the kept access token be over."""
    path = tmp_path / FILE
    kept = json.loads(path.read_text())
    for one in kept.values():
        one["expires_at"] = "2020-01-01T00:00:00.000Z"
    path.write_text(json.dumps(kept))


def test_a_person_signs_in_works_and_signs_out(run, alice, tmp_path):
    assert "signed in to" in ended(login(run))
    assert ended(run("whoami")).startswith("alice (admin) at http://")
    assert json.loads(ended(run("whoami", "--json")))["actor"] == "user:alice"
    ended(run("jobs", "list"))
    assert "signed out" in ended(run("logout"))
    done = run("jobs", "list")
    assert (done.returncode, "run: oneoff login" in done.stderr) == (1, True)
    assert "nobody was signed in" in ended(run("logout"))


def test_what_is_kept_is_for_one_s_own_eyes(run, alice, tmp_path):
    ended(login(run))
    path = tmp_path / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert PASSWORD not in path.read_text()
    path.chmod(0o644)
    assert f"chmod 600 {path}" in run("whoami").stderr


def test_a_password_is_asked_for_and_not_shown(url, alice, tmp_path):
    env = environment(tmp_path, url, TERM="xterm")
    with on_terminal(env, "login") as (process, master):
        seen = answered(master, {"Username: ": "alice", "Password: ": PASSWORD})
        assert process.wait(20) == 0
    assert "signed in to" in seen
    assert PASSWORD not in seen


def test_a_password_that_somebody_else_has_set_is_changed(url, tmp_path, database):
    make_user("new", "viewer", must_change_password=True)
    env = environment(tmp_path, url, TERM="xterm")
    answers = {
        "Password: ": PASSWORD,
        "New password: ": OTHER_PASSWORD,
        "New password again: ": OTHER_PASSWORD,
    }
    with on_terminal(env, "login", "--username", "new") as (process, master):
        answered(master, answers)
        assert process.wait(20) == 0
    assert ended(runner(url, tmp_path)("whoami")).startswith("new (viewer)")


def answered(master, answers):
    """Type each answer when it is asked for; return all that was seen."""
    seen, left = "", dict(answers)
    while text := read(master):
        seen += text
        for question, answer in list(left.items()):
            if seen.endswith(question) and seen.splitlines()[-1] == question:
                os.write(master, f"{answer}\n".encode())
                del left[question]
    return seen


def test_wrong_passwords_are_refused_and_leave_nothing(run, alice, tmp_path):
    done = login(run, "wrong")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: wrong username or password\n"
    assert not (tmp_path / FILE).exists()


def test_without_a_terminal_nobody_is_asked(run, alice):
    done = run("login", "--username", "alice")
    assert (done.returncode, "--password-stdin" in done.stderr) == (2, True)


def test_an_old_access_token_is_renewed_without_a_word(run, alice, tmp_path):
    ended(login(run))
    before = json.loads((tmp_path / FILE).read_text())
    age(tmp_path)
    assert run("whoami").stderr == ""
    after = json.loads((tmp_path / FILE).read_text())
    assert before.keys() == after.keys()
    (one,), (other,) = before.values(), after.values()
    assert one["refresh_token"] != other["refresh_token"]


def test_commands_at_once_use_a_refresh_token_once(url, run, alice, tmp_path):
    ended(login(run))
    age(tmp_path)
    env = environment(tmp_path, url)
    processes = [
        subprocess.Popen([*COMMAND, "whoami"], env=env, stdout=subprocess.PIPE) for _ in range(4)
    ]
    for process in processes:
        process.communicate(timeout=30)
    assert [process.returncode for process in processes] == [0, 0, 0, 0]


def test_a_session_that_has_ended_says_how_to_go_on(run, alice, tmp_path):
    """Row B49."""
    ended(login(run))
    with transaction() as session:
        sessions.close_all(session, [alice.id], "test")
    age(tmp_path)
    done = run("jobs", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not signed in any more" in done.stderr
    assert "run: oneoff login" in done.stderr
    assert json.loads((tmp_path / FILE).read_text()) == {}
    assert "run: oneoff login" in run("jobs", "list").stderr


def test_a_key_that_is_given_wins_over_the_session(run, alice):
    ended(login(run))
    done = run("whoami", "--api-key", "oneoff_wrong")
    assert done.returncode == 1


def test_tokens_go_to_no_other_server(run, alice, tmp_path):
    ended(login(run))
    kept = json.loads((tmp_path / FILE).read_text())
    with served(create_app(Settings(auth_enabled=True))) as other:
        done = runner(other, tmp_path)("whoami")
    assert (done.returncode, "missing Authorization header" in done.stderr) == (1, True)
    assert json.loads((tmp_path / FILE).read_text()) == kept


@pytest.mark.parametrize("content", ["", "x", "[]", '{"%s": 5}', '{"%s": {"expires_at": 5}}'])
def test_a_broken_file_is_as_good_as_none(run, url, alice, tmp_path, content):
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text(content.replace("%s", url))
    path.chmod(0o600)
    done = run("whoami")
    assert (done.returncode, "oneoff login" in done.stderr) == (1, True)
    ended(login(run))
    ended(run("whoami"))


def test_signing_out_ends_the_session_on_the_server(run, alice):
    ended(login(run))
    ended(run("logout"))
    with transaction() as session:
        (row,) = session.scalars(sa.select(UserSession))
        access.changed(session)
    assert row.revoked_at is not None
