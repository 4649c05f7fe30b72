"""Chores of the auxiliary workers that touch more than the ledger."""

from pathlib import Path

from app.db import transaction
from app.domain.ids import new_id
from tests.support.rows import make_execution, make_job
from workers.chores import sweep_log_files


def test_log_files_go_with_their_executions(database: str, tmp_path: Path) -> None:
    with transaction() as session:
        known = make_execution(session, make_job(session, type="claude"))
    kept = [f"{known}-20300101-000000.{stream}.log" for stream in ("stdout", "stderr")]
    mine = ["notes.txt", f"{new_id()}.log", "x-20300101-000000.stdout.log"]
    gone = [f"{new_id()}-20300101-000000.{stream}.log" for stream in ("stdout", "stderr")]
    for name in (*kept, *mine, *gone):
        (tmp_path / name).touch()
    assert sweep_log_files(tmp_path) == 2
    assert {path.name for path in tmp_path.iterdir()} == {*kept, *mine}


def test_without_log_files_there_is_nothing_to_sweep(database: str, tmp_path: Path) -> None:
    assert sweep_log_files(tmp_path / "nowhere") == 0
