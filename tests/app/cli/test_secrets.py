"""``oneoff secrets``, and starts with a key that is not the right one."""

import os
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import connections, db
from app.cli import folder_lock
from app.cli.root import cli
from app.db import reading, transaction
from app.domain.outbound import OutboundPolicy
from app.domain.secret_keys import key_text, new_key, read_key
from app.gateways import cipher, key_file
from app.models import Webhook
from app.services import encryption
from app.services.webhooks import secrets, subscriptions
from app.settings import Settings

SECRET = "the secret of a webhook"


@pytest.fixture(autouse=True)
def _same_cipher_afterwards(database):
    before = cipher.current()
    yield
    cipher._cipher = before


@pytest.fixture
def environ(database, tmp_path):
    found = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return found | {"DATABASE_URL": db._url, "DATA_DIR": str(tmp_path)}


@pytest.fixture
def oneoff(environ):
    """Return a function that runs a command; in this process where that is as good."""

    def run(*arguments, **more):
        db.forget_engines()
        if arguments[0] not in ("secrets", "config"):
            return apart(environ | more, *arguments)
        done = CliRunner().invoke(cli, arguments, env=environ | more)
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run


def apart(environ, *arguments):
    """Run a command as a person would."""
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=55
    )


def unlock(folder, *keys):
    own = {"encryption_key": keys[0], "encryption_keys_old": keys[1:]} if keys else {}
    with transaction() as session:
        encryption.unlock(session, Settings(data_dir=folder, **own))


def webhook() -> str:
    with transaction() as session:
        values = {"name": "w", "url": "https://example.com/", "events": "job.failed"}
        values |= {"secret": SECRET}
        return str(subscriptions.create(session, values, "test", OutboundPolicy())["id"])


def opened() -> set[tuple[str, ...]]:
    """Return the secrets of all webhooks, decrypted with the keys of this process."""
    with reading() as session:
        rows = session.execute(sa.select(Webhook.id, Webhook.secrets)).all()
    return {secrets.in_use(row_id, stored) for row_id, stored in rows}


def given(*keys):
    """Return the environment of a start with these keys, the one that encrypts first."""
    texts = [key_text(key) for key in keys]
    return {"ENCRYPTION_KEY": texts[0], "ENCRYPTION_KEYS_OLD": ",".join(texts[1:])}


def test_a_new_key_is_one_that_a_start_takes(oneoff):
    one, other = (oneoff("secrets", "new-key").stdout.strip() for _ in range(2))
    assert read_key(one) != read_key(other)


def test_after_a_rotation_the_old_key_opens_nothing_and_is_not_needed(oneoff, tmp_path):
    old, new = new_key(), new_key()
    unlock(tmp_path, old)
    for _ in range(encryption.rotation.BATCH + 20):
        webhook()
    number = encryption.rotation.BATCH + 20
    shown = oneoff("secrets", "status", **given(new, old))
    assert f"{number} with {cipher.key_id(old)}" in shown.stdout
    done = oneoff("secrets", "rotate", **given(new, old))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"webhook secrets: {number} encrypted anew with the key {cipher.key_id(new)}" in (
        done.stdout
    )
    assert "ENCRYPTION_KEYS_OLD can be removed" in done.stdout
    shown = oneoff("secrets", "status", **given(new))
    assert f"{number} with {cipher.key_id(new)}" in shown.stdout
    assert cipher.key_id(old) not in shown.stdout
    again = oneoff("secrets", "rotate", **given(new))
    assert "webhook secrets: 0 encrypted" in again.stdout
    assert "to change the key" in again.stdout
    refused = oneoff("secrets", "status", **given(old))
    assert refused.returncode == 1
    assert "key_mismatch" in refused.stderr
    unlock(tmp_path, new)
    assert opened() == {(SECRET,)}


def test_a_rotation_that_was_killed_goes_on_where_it_was(oneoff, environ, tmp_path):
    old, new = new_key(), new_key()
    unlock(tmp_path, old)
    for _ in range(30):
        webhook()
    script = """
import os
from app.services.encryption import rotation
from app.services.encryption.columns import Sealed
rotation.BATCH = 10
replace, done = Sealed.replace, []
def some_kill(*args):
    done.append(replace(*args))
    if len(done) == 15:
        os.kill(os.getpid(), 9)
    return done[-1]
Sealed.replace = some_kill
from app.cli.root import cli
cli(["secrets", "rotate"])
"""
    db.forget_engines()
    killed = subprocess.run(
        [sys.executable, "-c", script], env=environ | given(new, old), check=False
    )
    assert killed.returncode == -9
    unlock(tmp_path, old, new)  # what runs has both, in either order
    assert opened() == {(SECRET,)}
    shown = oneoff("secrets", "status", **given(new, old)).stdout
    assert f"20 with {cipher.key_id(old)}" in shown
    assert f"10 with {cipher.key_id(new)}" in shown
    assert "20 encrypted anew" in oneoff("secrets", "rotate", **given(new, old)).stdout
    unlock(tmp_path, new)
    assert opened() == {(SECRET,)}


def test_what_is_written_meanwhile_by_processes_with_both_keys_is_kept(oneoff, environ, tmp_path):
    old, new = new_key(), new_key()
    unlock(tmp_path, old, new)
    ids = [webhook() for _ in range(20)]
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            number += 1
            with transaction() as session:
                change = {"secret": f"{SECRET} {number}"}
                subscriptions.update(session, ids[number % 20], change, OutboundPolicy())

    writer = threading.Thread(target=write)
    writer.start()
    done = apart(environ | given(new, old), "secrets", "rotate")
    over.set()
    writer.join()
    assert done.returncode == 0, done.stderr
    unlock(tmp_path, new, old)
    assert all(found[0].startswith(SECRET) for found in opened())
    done = oneoff("secrets", "rotate", **given(new, old))
    assert done.returncode == 0
    unlock(tmp_path, new)
    assert all(found[0].startswith(SECRET) for found in opened())


def test_with_the_key_in_the_folder_the_old_one_is_kept_aside(oneoff, tmp_path):
    unlock(tmp_path)
    webhook()
    old = key_file.read(tmp_path) or b""
    done = oneoff("secrets", "rotate")
    assert done.returncode == 0, done.stderr
    assert "webhook secrets: 1 encrypted anew" in done.stdout
    new = key_file.read(tmp_path) or b""
    assert new != old
    aside = f"{key_file.NAME}.{cipher.key_id(old)}"
    assert key_file.read(tmp_path, aside) == old
    assert not (tmp_path / key_file.OLD).exists()
    unlock(tmp_path)
    assert cipher.current().key_ids == (cipher.key_id(new),)
    assert opened() == {(SECRET,)}


def test_with_the_key_in_the_folder_a_rotation_cut_off_makes_no_third_key(oneoff, tmp_path):
    unlock(tmp_path)
    webhook()
    key_file.replace(tmp_path)
    new = key_file.read(tmp_path)
    unlock(tmp_path)  # a start meanwhile has both
    assert len(cipher.current().key_ids) == 2
    assert opened() == {(SECRET,)}
    assert oneoff("secrets", "rotate").returncode == 0
    assert key_file.read(tmp_path) == new
    unlock(tmp_path)
    assert opened() == {(SECRET,)}


def test_with_the_key_in_the_folder_nothing_may_run_meanwhile(oneoff, tmp_path):
    unlock(tmp_path)
    before = key_file.read(tmp_path)
    lock = folder_lock.hold(tmp_path)
    refused = oneoff("secrets", "rotate")
    lock.close()
    assert (refused.returncode, key_file.read(tmp_path)) == (1, before)
    assert "in use" in refused.stderr
    engine = connections.open_engine(db._url)
    with engine.connect() as connection:  # as a worker on its own, which does not hold the folder
        connection.execute(sa.select(Webhook.id)).all()
        refused = oneoff("secrets", "rotate")
    engine.dispose()
    assert (refused.returncode, key_file.read(tmp_path)) == (1, before)
    assert "stop" in refused.stderr


def test_a_value_that_nothing_opens_is_named_and_the_old_key_stays(oneoff, tmp_path):
    old, new = new_key(), new_key()
    unlock(tmp_path, old)
    webhook()
    lost = cipher.Cipher([new_key()]).encrypt("x", "webhook:x")
    with transaction() as session:
        session.execute(sa.update(Webhook).where(Webhook.id == webhook()).values(secrets=lost))
    shown = oneoff("secrets", "status", **given(new, old))
    assert shown.returncode == 1
    assert "webhook secrets: 1 can't be decrypted" in shown.stderr
    refused = oneoff("secrets", "rotate", **given(new, old))
    assert refused.returncode == 1
    assert "1 webhook secrets can't be decrypted" in refused.stderr
    unlock(tmp_path, old, new)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.timeout(120)
@pytest.mark.parametrize("role", ["serve", "api", "worker", "beat", "secrets status"])
def test_no_process_starts_with_another_key_or_without_one(role, oneoff, tmp_path):
    unlock(tmp_path)
    ends = {
        "key_mismatch": oneoff(*role.split(), **given(new_key())),
        "key_missing": oneoff(*role.split(), DATA_DIR=str(tmp_path / "other")),
    }
    for word, done in ends.items():
        (line,) = [line for line in done.stderr.splitlines() if "key_" in line]
        assert (done.returncode, word in line) == (1, True), done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "other" / key_file.NAME).exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("role", "key"),
    [
        ("serve", "c2hvcnQ="),
        ("worker", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
        ("secrets status", "A" * 43 + "="),
        ("config check", "no key"),
    ],
)
def test_a_short_or_sample_key_is_refused_with_how_to_make_one(role, key, oneoff):
    done = oneoff(*role.split(), ENCRYPTION_KEY=key)
    assert done.returncode == 2
    assert "ENCRYPTION_KEY" in done.stderr
    assert "openssl rand -base64 32" in done.stderr
    assert key not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_restore_on_a_machine_with_another_key_says_what_to_do(oneoff, tmp_path):
    key = new_key()
    unlock(tmp_path, key)
    file, other = tmp_path / "file.zip", tmp_path / "other"
    assert oneoff("backup", str(file), **given(key)).returncode == 0
    there = {"DATA_DIR": str(other), "DATABASE_URL": f"sqlite:///{other}/oneoff.db"}
    done = oneoff("restore", str(file), **there)
    assert done.returncode == 0
    assert "key_missing" in done.stderr
    assert "the machine that the backup is from" in done.stderr
    assert "start OneOff to go on" not in done.stdout
    checked = oneoff("config", "check", **there, **given(new_key()))
    assert "key_mismatch" in checked.stderr
    done = oneoff("restore", str(file), "--force", **there, **given(key))
    assert done.stderr == ""
    assert "start OneOff to go on" in done.stdout
