"""The chain of the audit log: sealing, verifying, forgetting, and hands that meddle."""

import contextlib
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app import db
from app.db import reading, transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import AuditChain, AuditEntry
from app.services import audit
from app.services.audit import chain, forgetting
from app.settings import Settings
from migrations import guards

pytestmark = pytest.mark.usefixtures("database")


_COPIED = (
    "INSERT INTO audit_log (id, at, actor, action, result, sequence, hash)"
    " SELECT 'x', at, actor, action, result, 6, hash"
)


def write(count):
    with transaction() as session:
        for number in range(count):
            audit.note(session, f"jobs.n{number}", ("job", new_id(), "a job"), {"n": number})


def seal():
    with transaction() as session:
        return chain.seal(session)


def the_break(head=None):
    broken = chain.verify(head).broken
    assert broken is not None
    return broken


def filled(count=5):
    write(count)
    assert seal() == count


def tampered(statement, **values):
    """Change the log as one who owns the database can: the triggers are in the way only once."""
    kind = "sqlite" if db.is_sqlite() else "postgresql"
    with db.engine().begin() as connection:
        for one in guards.DROP[kind]:
            connection.exec_driver_sql(one)
        connection.execute(sa.text(statement), values)
        for one in guards.CREATE[kind]:
            connection.exec_driver_sql(one)


def test_rows_are_sealed_in_their_order_without_a_gap():
    write(3)
    assert (seal(), seal()) == (3, 0)
    write(2)
    assert seal() == 2
    with reading() as session:
        query = sa.select(AuditEntry.sequence, AuditEntry.action).order_by(AuditEntry.sequence)
        rows = session.execute(query).all()
        assert session.scalars(sa.select(AuditChain.sequence)).one() == 5
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5]
    assert [row.action[-1] for row in rows] == ["0", "1", "2", "0", "1"]


def test_a_whole_chain_verifies_and_unsealed_rows_are_counted():
    assert chain.verify().broken is None
    filled()
    head = chain.verify().head
    write(2)
    report = chain.verify(head)
    assert (report.rows, report.unsealed, report.head_sequence) == (5, 2, 5)
    assert report.broken is None
    seal()
    assert chain.verify(head.upper()).broken is None


def test_a_seal_that_is_cut_off_leaves_nothing():
    write(3)
    with contextlib.suppress(ZeroDivisionError), transaction() as session:
        assert chain.seal(session) == 3
        raise ZeroDivisionError
    assert chain.verify().unsealed == 3
    assert seal() == 3
    assert chain.verify().broken is None


def test_more_than_a_batch_is_sealed_by_and_by():
    write(chain.BATCH + 10)
    assert (seal(), seal(), seal()) == (chain.BATCH, 10, 0)
    assert chain.verify().rows == chain.BATCH + 10


def test_of_many_sealers_each_row_gets_one_place():
    start = threading.Barrier(4)
    errors = []

    def work():
        try:
            start.wait(10)
            for _ in range(15):
                write(2)
                seal()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    while seal():
        pass
    report = chain.verify()
    assert (report.rows, report.unsealed, report.broken) == (120, 0, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'somebody' WHERE sequence = 2",
        "UPDATE audit_log SET detail = NULL WHERE sequence = 2",
        "UPDATE audit_log SET sequence = 9 WHERE sequence = 2",
        "UPDATE audit_log SET hash = 'x' WHERE sequence = 2",
        "UPDATE audit_log SET sequence = NULL, hash = NULL WHERE sequence = 2",
        "DELETE FROM audit_log WHERE sequence = 2",
        "DELETE FROM audit_log WHERE sequence IS NULL",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET sequence = 6, hash = 'x', actor = 'me' WHERE sequence IS NULL",
        "UPDATE audit_log SET actor = 'me' WHERE sequence IS NULL",
        "UPDATE audit_chain SET sequence = 2",
        "UPDATE audit_chain SET anchor_sequence = 9",
        "DELETE FROM audit_chain",
        f"{_COPIED} FROM audit_log WHERE sequence = 5",
    ],
)
def test_rows_are_only_ever_added(statement):
    filled()
    write(1)
    with pytest.raises(DBAPIError), db.engine().begin() as connection:
        connection.execute(sa.text(statement))
    assert (chain.verify().rows, chain.verify().unsealed) == (5, 1)


def test_the_table_can_not_be_emptied(database):
    filled()
    statement = "DELETE FROM audit_log" if database == "sqlite" else "TRUNCATE audit_log"
    with pytest.raises(DBAPIError), db.engine().begin() as connection:
        connection.execute(sa.text(statement))


COLUMNS = ("actor", "action", "result", "address", "target_id", "detail", "trace_id", "project_id")


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_row_is_found(column):
    filled()
    tampered(f"UPDATE audit_log SET {column} = 'x' WHERE sequence = 3")
    broken = the_break()
    assert broken.sequence == 3
    assert broken.what.startswith("changed")


def test_a_changed_time_is_found():
    filled()
    tampered("UPDATE audit_log SET at = '2001-01-01 00:00:00.000' WHERE sequence = 3")
    assert the_break().sequence == 3


@pytest.mark.parametrize(
    ("where", "sequence"), [("sequence = 1", 1), ("sequence = 3", 3), ("sequence > 3", 4)]
)
def test_a_removed_row_is_found(where, sequence):
    filled()
    tampered(f"DELETE FROM audit_log WHERE {where}")
    broken = the_break()
    assert (broken.sequence, broken.what[:7]) == (sequence, "removed")


def test_an_end_that_was_removed_with_its_head_is_found_by_the_head_that_was_written_down():
    filled(3)
    earlier = chain.verify()
    write(2)
    seal()
    head = chain.verify().head
    tampered("DELETE FROM audit_log WHERE sequence > 3")
    tampered("UPDATE audit_chain SET sequence = 3, hash = :hash", hash=earlier.head)
    assert chain.verify().broken is None  # nothing here knows that there was more
    assert chain.verify(earlier.head).broken is None
    assert "wrote down" in the_break(head).what


@pytest.mark.parametrize("sequence", [3, 6])
def test_an_added_row_is_found(sequence):
    filled()
    if sequence == 3:
        tampered("UPDATE audit_log SET sequence = sequence + 100 WHERE sequence >= 3")
        tampered("UPDATE audit_log SET sequence = sequence - 99 WHERE sequence >= 100")
    tampered(
        "INSERT INTO audit_log (id, at, actor, action, result, sequence, hash)"
        " SELECT 'x', at, actor, action, result, :sequence, hash FROM audit_log WHERE sequence = 1",
        sequence=sequence,
    )
    broken = the_break()
    assert (broken.sequence, broken.row_id) == (sequence, "x")
    assert "added" in broken.what


def test_rows_in_another_order_are_found():
    filled()
    for old, new in ((2, 99), (3, 2), (99, 3)):
        tampered(f"UPDATE audit_log SET sequence = {new} WHERE sequence = {old}")
    assert the_break().sequence == 2


def test_an_added_row_with_a_right_hash_is_behind_the_head():
    filled()
    with reading() as session:
        last = session.scalars(sa.select(AuditEntry).where(AuditEntry.sequence == 5)).one()
    forged = AuditEntry(id="x", at=now(), actor="a", action="b", result="done")
    digest = chain.hash_of(str(last.hash), forged, 6)
    tampered(
        "INSERT INTO audit_log (id, at, actor, action, result, sequence, hash)"
        " VALUES ('x', :at, 'a', 'b', 'done', 6, :hash)",
        at=forged.at if not db.is_sqlite() else forged.at.strftime("%Y-%m-%d %H:%M:%S.%f")[:23],
        hash=digest,
    )
    assert "behind its head" in the_break().what


def old_rows(count, days):
    with transaction() as session:
        for _ in range(count):
            moment = now() - timedelta(days=days)
            row = AuditEntry(id=new_id(), at=moment, actor="a", action="b", result="done")
            session.add(row)
            session.flush()


def test_the_oldest_rows_are_forgotten_and_the_rest_still_verifies():
    old_rows(3, days=500)
    write(2)
    seal()
    head = chain.verify().head
    assert forgetting.purge_in_batches(Settings()) == 3
    report = chain.verify(head)
    assert (report.removed, report.rows, report.broken) == (3, 2, None)
    assert report.unsealed == 1  # it told of itself
    assert forgetting.purge_in_batches(Settings()) == 0
    seal()
    assert chain.verify(head).broken is None
    assert forgetting.purge_in_batches(Settings(audit_retention_days=400)) == 0


def test_what_is_not_sealed_is_not_forgotten():
    old_rows(2, days=500)
    assert forgetting.purge_in_batches(Settings()) == 0
    assert chain.verify().unsealed == 2


def test_a_row_removed_behind_the_anchor_is_found():
    old_rows(3, days=500)
    write(3)
    seal()
    forgetting.purge_in_batches(Settings())
    tampered("DELETE FROM audit_log WHERE sequence = 4")
    assert the_break().sequence == 4
