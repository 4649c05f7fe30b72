"""Group commits: work of several callers shares a transaction and fails alone."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from migrations import apply
from workers.ledger import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    db.configure(f"sqlite:///{tmp_path / 'x.db'}")
    db.forget_engines()
    apply.upgrade(db.engine())
    return Ledger()


def _insert(key: str) -> Callable[[Session], object]:
    return lambda s: s.execute(
        sa.text("INSERT INTO system_config VALUES (:k, '1', '2026-01-01 00:00:00.000')"), {"k": key}
    )


def _count() -> int:
    with db.reading() as session:
        return int(session.scalar(sa.text("SELECT count(*) FROM system_config")) or 0)


def test_a_result_comes_back_after_its_commit(ledger: Ledger) -> None:
    ledger.call(_insert("a"))
    assert _count() == 1


def test_one_broken_work_does_not_take_the_others_of_its_group_along(ledger: Ledger) -> None:
    ledger.call(_insert("same"))
    errors: list[Exception] = []

    def call(key: str) -> None:
        try:
            ledger.call(_insert(key))
        except sa.exc.IntegrityError as error:
            errors.append(error)

    with ledger._door:
        threads = [threading.Thread(target=call, args=(k,)) for k in ("same", "b", "c", "same")]
        for thread in threads:
            thread.start()
        while len(ledger._waiting) < 4:
            pass
    for thread in threads:
        thread.join()
    assert len(errors) == 2
    assert _count() == 3


def test_many_callers_share_few_commits(ledger: Ledger) -> None:
    commits: list[int] = []
    sa.event.listen(db.engine(), "commit", lambda _c: commits.append(1))
    with ledger._door:
        threads = [
            threading.Thread(target=ledger.call, args=(_insert(f"k{n}"),)) for n in range(20)
        ]
        for thread in threads:
            thread.start()
        while len(ledger._waiting) < 20:
            pass
    for thread in threads:
        thread.join()
    assert _count() == 20
    assert len(commits) == 1
