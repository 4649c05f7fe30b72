"""``oneoff audit``: reading over HTTP, proving on the database; and rows of other commands."""

import json
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from app import db
from app.db import reading, transaction
from app.models import AuditEntry
from app.services import audit
from app.services.audit import chain
from migrations import guards
from tests.support.rows import make_execution, make_job


@pytest.fixture
def on_database(database, tmp_path):
    """Return a function that runs a command on the database itself."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ |= {"DATABASE_URL": db._url, "DATA_DIR": str(tmp_path)}

    def run(*arguments):
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    return run


def filled(count=3):
    with transaction() as session:
        for number in range(count):
            audit.note(session, f"test.n{number}", ("job", str(number), "a\x1b[2Kjob"))
    with transaction() as session:
        assert chain.seal(session) == count


def test_verify_prints_the_head_and_fails_where_the_chain_is_broken(on_database):
    filled()
    done = on_database("audit", "verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["rows that hold: 3", "not sealed yet: 0"]
    head = done.stdout.split()[-1]
    assert on_database("audit", "verify", "--head", head).returncode == 0
    lost = on_database("audit", "verify", "--head", "0" * 63 + "1")
    assert (lost.returncode, "wrote down" in lost.stderr) == (1, True)
    kind = "sqlite" if db.is_sqlite() else "postgresql"
    with db.engine().begin() as connection:
        for one in guards.DROP[kind]:
            connection.exec_driver_sql(one)
        connection.execute(sa.text("UPDATE audit_log SET actor = 'me' WHERE sequence = 2"))
        for one in guards.CREATE[kind]:
            connection.exec_driver_sql(one)
    done = on_database("audit", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["broken"]["sequence"] == 2
    assert "broken at 2" in done.stderr


def test_commands_on_the_database_leave_rows_by_cli_with_the_name_of_the_user(
    on_database, tmp_path
):
    made = on_database("apikey", "create", "--name", "ci", "--json")
    key = json.loads(made.stdout)
    assert on_database("apikey", "revoke", key["id"]).returncode == 0
    assert on_database("apikey", "list").returncode == 0
    if db.is_sqlite():
        assert on_database("backup", str(tmp_path / "b.zip")).returncode == 0
    with reading() as session:
        rows = [*session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]
    actions = ["cli.apikey_create", "cli.apikey_revoke"]
    assert [row.action for row in rows] == actions + ["cli.backup"] * db.is_sqlite()
    assert {row.actor for row in rows} == {"cli"}
    assert rows[0].target_name == "ci"
    assert all(json.loads(row.detail)["os_user"] for row in rows)
    assert key["key"] not in "".join(row.detail for row in rows)


def test_the_log_is_listed_and_exported(oneoff):
    filled()
    done = oneoff("audit", "list", "--action", "test.", "--order", "asc")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["test.n0", "test.n1", "test.n2"]
    assert "\x1b" not in done.stdout
    found = json.loads(oneoff("audit", "list", "--json", "--action", "test.n1").stdout)
    assert (found["total"], found["data"][0]["sequence"]) == (1, 2)
    exported = oneoff("audit", "export", "--action", "test.")
    rows = [json.loads(line) for line in exported.stdout.splitlines()]
    assert [row["action"] for row in rows][:3] == ["test.n0", "test.n1", "test.n2"]
    table = oneoff("audit", "export", "--format", "csv", "--action", "test.").stdout
    assert table.startswith("id,at,actor,")


def test_an_export_that_is_refused_says_why(oneoff):
    done = oneoff("audit", "export", "--from", "tomorrow")
    assert done.returncode == 1
    assert "from" in done.stderr


def test_executions_are_purged(oneoff):
    with transaction() as session:
        row_id = make_execution(session, make_job(session), "failed", output_tail="secret")
    refused = oneoff("executions", "purge", row_id)
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    done = oneoff("executions", "purge", row_id, "--output-only", "--reason", "why", "--yes")
    assert (done.returncode, done.stdout.strip()) == (0, f"{row_id}: purged")
    assert "by anonymous" in oneoff("executions", "show", row_id).stdout
    assert oneoff("executions", "purge", row_id, "--yes").returncode == 0
    assert oneoff("executions", "show", row_id).returncode == 1
