"""Dead letters: lists, groups, and what becomes of them, on both databases."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.domain.errors import Conflict, Invalid, NotFound
from app.domain.fingerprint import fingerprint
from app.models import Execution, Job
from app.services import dead_letters, executions
from app.services.dead_letters import DeadLetterFilters
from app.services.executions import Owner
from app.services.listing import Wanted
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")


def _job(**over: Any) -> str:
    with db.transaction() as session:
        values = {"on_lost": "fail", "overlap": "skip", "status": "failed"} | over
        return str(make_job(session, **values).id)


def _dead(job_id: str, error: str = "exited with code 3", days: float = 0, **over: Any) -> str:
    code = over.get("error_code", "EXIT_CODE")
    values: dict[str, Any] = {"error": error, "error_code": code}
    if "status" not in over:
        values["fingerprint"] = fingerprint(error, code)
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        values |= {"attempt": 3, "retries": 2, "status": "dead_letter"} | over
        return str(make_execution(session, job, days=days, **values))


def _row(row_id: str) -> Execution:
    with db.reading() as session:
        return session.get_one(Execution, row_id)


def _ids(**filters: Any) -> list[str]:
    with db.reading() as session:
        page = dead_letters.page(session, DeadLetterFilters(**filters), Wanted())
        assert page.total == len(page.rows)
        return [row["id"] for row in page.rows]


def _groups(limit: int = 50, offset: int = 0, **filters: Any) -> list[dict[str, Any]]:
    with db.reading() as session:
        wanted = Wanted(limit=limit, offset=offset)
        return [*dead_letters.groups(session, DeadLetterFilters(**filters), wanted).rows]


def _replay(row_id: str, *, force: bool = False) -> dict[str, Any]:
    with db.transaction() as session:
        return executions.replay(session, row_id, "somebody", force=force)


def _discard(row_id: str) -> dict[str, Any]:
    with db.transaction() as session:
        return dead_letters.discard(session, row_id)


def test_the_newest_comes_first_and_other_failures_are_not_listed() -> None:
    job_id = _job()
    old, new = _dead(job_id, days=2), _dead(job_id, days=1)
    _dead(job_id, status="failed")
    assert _ids() == [new, old]


def test_filters_narrow_the_list() -> None:
    one, two = _job(), _job(type="http")
    mine = _dead(one, days=3)
    other = _dead(two, "no answer", error_code="DNS_FAILED")
    assert _ids(job_id=one) == [mine]
    assert _ids(type="http") == [other]
    assert _ids(error_code="DNS_FAILED") == [other]
    assert _ids(fingerprint=fingerprint("exited with code 99", "EXIT_CODE")) == [mine]
    assert _ids(project_id="another") == []
    assert _ids(tag_id=("0" * 32,)) == []
    assert _ids(date_from=now() - timedelta(days=1)) == [other]
    assert _ids(date_to=now() - timedelta(days=1)) == [mine]
    with pytest.raises(Invalid):
        _ids(date_from=now(), date_to=now() - timedelta(days=1))


def test_groups_count_their_ends_by_day() -> None:
    job_id = _job()
    for days in (0, 0.5, 1.5, 6.9, 7.1):
        _dead(job_id, days=days)
    (found,) = _groups()
    assert (found["by_day"], found["count"]) == ([1, 0, 0, 0, 0, 1, 2], 5)


def test_groups_gather_errors_that_are_alike() -> None:
    one, two = _job(name="one"), _job(name="two")
    first = _dead(one, "exited with code 3", days=2)
    last = _dead(two, "exited with code 4")
    other = _dead(one, "disk is full", days=1)
    found = _groups()
    assert [(g["count"], g["execution_id"], g["job_name"], g["error"]) for g in found] == [
        (2, last, "two", "exited with code 4"),
        (1, other, "one", "disk is full"),
    ]
    assert found[0]["first_at"] == _row(first).completed_at
    assert found[0]["last_at"] == _row(last).completed_at
    assert [g["count"] for g in _groups(limit=1, offset=1)] == [1]
    assert [g["execution_id"] for g in _groups(job_id=one)] in ([first, other], [other, first])
    _discard(last)
    assert sorted(g["execution_id"] for g in _groups()) == sorted([first, other])


def test_figures_count_what_waits_and_what_failed() -> None:
    job_id = _job()
    _discard(_dead(job_id))
    _dead(job_id)
    for status in ("failed", "failed", "timeout", "completed"):
        _dead(job_id, status=status)
    with db.reading() as session:
        assert dead_letters.stats(session) == {"dead": 1, "failed": 2, "timeout": 1}
        none = {"dead": 0, "failed": 0, "timeout": 0}
        assert dead_letters.stats(session, "another") == none


def test_a_replay_is_a_new_execution_with_all_its_retries_before_it() -> None:
    job_id = _job()
    old = _dead(job_id, parameters='{"args":["x"]}')
    made = _row(_replay(old)["execution_id"])
    assert (made.status, made.origin, made.actor) == ("queued", "replay", "somebody")
    assert (made.attempt, made.retries, made.root_execution_id) == (1, 0, made.id)
    assert (made.replay_of, made.parent_execution_id) == (old, None)
    assert made.parameters == '{"args":["x"]}'
    assert _row(old).replayed_by == made.id
    assert _row(old).status == "dead_letter"
    assert _ids() == []
    with db.reading() as session:
        assert session.get_one(Job, job_id).status == "scheduled"


def test_a_second_replay_names_the_first_unless_it_is_forced() -> None:
    old = _dead(_job(overlap="allow"))
    first = _replay(old)["execution_id"]
    with pytest.raises(Conflict) as caught:
        _replay(old)
    assert caught.value.details == {"execution_id": first}
    assert _replay(old, force=True)["execution_id"] != first
    assert _row(old).replayed_by == first


@pytest.mark.parametrize("status", ["failed", "timeout", "cancelled"])
def test_other_bad_ends_can_be_replayed(status: str) -> None:
    assert _replay(_dead(_job(), status=status))["status"] == "queued"


@pytest.mark.parametrize("status", ["completed", "skipped", "running", "queued", "scheduled"])
def test_what_did_not_end_badly_can_not(status: str) -> None:
    row_id = _dead(_job(), status=status)
    with pytest.raises(Conflict, match=f"is {status}"):
        _replay(row_id)


def test_a_replay_obeys_the_overlap_policy() -> None:
    job_id = _job()
    busy = _dead(job_id, status="queued")
    old = _dead(job_id)
    with pytest.raises(Conflict, match=busy):
        _replay(old)
    with db.transaction() as session:
        session.get_one(Job, job_id).overlap = "queue"
    assert _row(_replay(old)["execution_id"]).blocked_on == job_id


def test_a_disabled_job_is_not_replayed() -> None:
    old = _dead(_job(enabled=False))
    with pytest.raises(Conflict, match="disabled"):
        _replay(old)


@pytest.mark.parametrize("act", [_replay, _discard])
def test_what_is_not_there_is_not_found(act: Callable[[str], Any]) -> None:
    for unknown in ("0" * 32, "no id"):
        with pytest.raises(NotFound):
            act(unknown)


def test_two_who_replay_at_once_make_one_execution() -> None:
    job_id = _job(overlap="allow")
    old = _dead(job_id)
    start = threading.Barrier(2)
    ends: list[str] = []

    def work() -> None:
        start.wait()
        try:
            ends.append(_replay(old)["status"])
        except Conflict:
            ends.append("refused")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["queued", "refused"]


def test_a_discarded_one_leaves_the_list_and_stays_in_the_ledger() -> None:
    row_id = _dead(_job())
    first = _discard(row_id)["discarded_at"]
    assert _discard(row_id)["discarded_at"] == first
    assert (_ids(), _row(row_id).status) == ([], "dead_letter")
    with pytest.raises(Conflict, match="is failed"):
        _discard(_dead(_job(), status="failed"))


def _act(what: str, limit: int = 1000, **filters: Any) -> dict[str, Any]:
    given = DeadLetterFilters(**filters)
    if what == "replay":
        return dead_letters.replay_some(given, limit, "somebody")
    with db.transaction() as session:
        return dead_letters.discard_some(session, given, limit)


@pytest.mark.parametrize("what", ["replay", "discard"])
def test_a_whole_filter_is_worked_off_in_batches_the_oldest_first(what: str) -> None:
    job_id, other = _job(overlap="allow"), _dead(_job())
    ids = [_dead(job_id, days=days) for days in (3, 2, 1)]
    with db.reading() as session:
        preview = dead_letters.preview(session, DeadLetterFilters(job_id=job_id))
    assert preview == {"done": 0, "refused": 0, "remaining": 3}
    report = _act(what, 2, job_id=job_id)
    assert (report["done"], report["remaining"]) == (2, 1)
    assert _ids(job_id=job_id) == [ids[2]]
    assert _act(what, 2, job_id=job_id)["remaining"] == 0
    assert _ids() == [other]


def test_what_a_policy_refuses_stays_on_the_list() -> None:
    one, two = _job(), _job()
    first, second, third = _dead(one, days=2), _dead(one, days=1), _dead(two)
    report = _act("replay")
    assert (report["done"], report["refused"], report["remaining"]) == (2, 1, 1)
    assert [refusal["id"] for refusal in report["refusals"]] == [second]
    assert {_row(row_id).replay_of for row_id in report["executions"]} == {first, third}
    with db.transaction() as session:
        taken = executions.claim(session, Owner("w", "1"), ["default"], 1, 15, oldest=False)
    assert taken[0].attempt == 1


@pytest.mark.parametrize(("ask", "index"), [(_ids, "dead"), (_groups, "fingerprint")])
def test_lists_are_read_by_their_own_index(
    database: str, ask: Callable[[], Any], index: str
) -> None:
    if database != "sqlite":
        return  # PostgreSQL chooses by its statistics, and there are none
    seen: list[tuple[str, Any]] = []

    def note(*args: Any) -> None:
        seen.append((args[2], args[3]))

    sa.event.listen(db.engine(), "before_cursor_execute", note)
    ask()
    sa.event.remove(db.engine(), "before_cursor_execute", note)
    text, values = next((t, v) for t, v in seen if "replayed_by IS NULL" in t and "LIMIT" in t)
    with db.reading() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        assert f"ix_executions_{index}" in " ".join(str(row) for row in plan)
