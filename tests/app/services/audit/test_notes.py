"""Rows of the audit log: what they hold, and that nothing in them acts on a line or a terminal."""

import contextlib

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.db import reading, transaction
from app.models import AuditEntry
from app.services import audit
from app.services.audit.notes import MOST_DETAIL, plain, text_of


def rows():
    with reading() as session:
        return [*session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


@pytest.mark.usefixtures("database")
def test_a_row_says_who_did_what_on_which_object_from_where():
    deed = audit.Deed("user:alice", "u" * 32, "k" * 32, "192.0.2.1", "t" * 32)
    with transaction() as session, audit.by(deed):
        audit.note(session, "auth.login", ("user", "u" * 32, "alice"), {"way": "password"})
    (row,) = rows()
    assert (row.actor, row.user_id, row.key_id) == ("user:alice", "u" * 32, "k" * 32)
    assert (row.address, row.trace_id) == ("192.0.2.1", "t" * 32)
    assert (row.action, row.result, row.detail) == ("auth.login", "done", '{"way":"password"}')
    assert (row.target_kind, row.target_id, row.target_name) == ("user", "u" * 32, "alice")
    assert (row.sequence, row.hash) == (None, None)


@pytest.mark.usefixtures("database")
def test_without_anybody_it_is_the_system():
    with transaction() as session:
        audit.note(session, "audit.forget")
    assert rows()[0].actor == "system"


@pytest.mark.usefixtures("database")
def test_a_row_is_rolled_back_with_what_it_tells_of():
    with contextlib.suppress(ZeroDivisionError), transaction() as session:
        audit.note(session, "jobs.create_job")
        raise ZeroDivisionError
    assert rows() == []


@pytest.mark.usefixtures("database")
def test_line_ends_and_escape_sequences_are_written_as_such():
    evil = "x\r\nadmin logged in\x1b[2K\x9b31m\u202e\x00"
    with transaction() as session:
        audit.note(session, "a", ("job", evil, evil), {evil: [evil, {"n": evil}]})
    (row,) = rows()
    for text in (row.target_id, row.target_name, row.detail):
        assert not any(c in text for c in evil[1:2] + "\n\x1b\x9b\u202e\x00")
        assert "\\x1b[2K" in text


@given(st.recursive(st.text() | st.integers() | st.none(), lambda one: st.lists(one, max_size=3)))
def test_a_detail_is_always_json_without_characters_that_act(value):
    text = text_of({"value": value}) or ""
    found = orjson.loads(text)
    shown = orjson.dumps(found).decode()
    assert plain(text) == text
    assert "\\n" not in shown.replace("\\\\", "")
    assert "\\u00" not in shown.replace("\\\\", "")


def test_a_long_detail_is_shortened_and_keeps_what_is_short():
    text = text_of({"changes": ["x" * 500] * 100, "reason": "why"}) or ""
    assert len(text) <= MOST_DETAIL
    found = orjson.loads(text)
    assert found["reason"] == "why"
    assert found["truncated"].startswith('{"changes"')
