"""The parts of the first page."""

import time
from datetime import timedelta

import pytest

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import Project
from app.services import overview
from app.services.overview import keeping, looks
from app.services.timeline import past
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("database")
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _nothing_kept():
    overview.forget()
    past._kept.clear()


def shown(project_id=None, *permissions):
    with reading() as session:
        may = permissions.__contains__ if permissions else lambda _: True
        return overview.overview(session, project_id, may)


def make_project(session, name="few"):
    project = Project(id=new_id(), name=name, created_at=now(), updated_at=now())
    session.add(project)
    session.flush()
    return project.id


def test_a_fresh_installation_has_zeros_and_nothing_else():
    found = shown()
    figures = found["figures"]
    assert {figures[name] for name in ("running", "queued", "completed_24h", "failed_24h")} == {0}
    assert figures["success_rate_24h"] is figures["start_lateness_p95_ms"] is None
    assert (found["needs_a_look"]["total"], found["running"]["total"]) == (0, 0)
    assert (found["finished"], found["up_next"], found["last_failure_at"]) == ([], [], None)
    assert len(found["strip"]["buckets"]) == 96
    assert len(found["hours"]) == 24


def test_the_figures_count_what_they_say():
    with transaction() as session:
        job = make_job(session)
        for _ in range(3):
            make_execution(session, job, "completed", lateness_ms=10, duration_ms=5)
        make_execution(session, job, "failed", lateness_ms=500)
        make_execution(session, job, "completed", days=3)
        make_execution(session, job, "failed", days=8)
        make_execution(session, job, "queued", run_at=now() - MINUTE)
        make_job(session, enabled=False)
        make_job(session, status="paused")
    figures = shown()["figures"]
    assert (figures["completed_24h"], figures["failed_24h"]) == (3, 1)
    assert figures["success_rate_24h"] == 0.75
    assert figures["success_rate_7d"] == 0.8
    assert figures["start_lateness_p95_ms"] == 500
    assert (figures["queued"], figures["paused"], figures["disabled"]) == (1, 1, 1)
    assert 59 <= figures["oldest_wait_seconds"] < 3600
    assert figures["total_executions"] == 7


def test_what_runs_is_told_with_what_it_usually_takes():
    with transaction() as session:
        job = make_job(session)
        for seconds in range(1, 21):
            make_execution(session, job, "completed", duration_ms=seconds * 1000)
        late = make_execution(session, job, "running", started_at=now() - 5 * MINUTE)
        other = make_execution(session, make_job(session), "cancelling", started_at=now())
    running = shown()["running"]
    assert [row["id"] for row in running["executions"]] == [late, other]
    assert running["total"] == 2
    assert running["executions"][0]["usual_duration_ms"] == 11_000  # of the 20 latest
    assert running["executions"][0]["p95_duration_ms"] == 20_000
    assert running["executions"][1]["p95_duration_ms"] is None


def test_what_ended_last_is_told_with_its_last_line():
    with transaction() as session:
        job = make_job(session)
        ids = [
            make_execution(
                session, job, "completed", days=1 - number / 10, output_tail=f"a\nline {number}\n"
            )
            for number in range(8)
        ]
        failed = make_execution(session, job, "failed", error="boom", output_tail="x")
        make_execution(session, job, "skipped")
        make_execution(session, job, "running")
    rows = shown()["finished"]
    assert [row["id"] for row in rows] == [failed, *reversed(ids[3:])]
    assert [row["said"] for row in rows[:2]] == ["boom", "line 7"]


def test_what_needs_a_look_is_told_the_newest_first():
    with transaction() as session:
        bad, dead = make_job(session, name="bad"), make_job(session, name="dead")
        for days in (0.2, 0.1):
            make_execution(session, bad, "failed", days=days, error="boom")
        make_execution(
            session, dead, "dead_letter", error="HTTP 422", fingerprint="f" * 32, completed_at=now()
        )
        well = make_job(session)
        make_execution(session, well, "failed", days=0.1)
        make_execution(session, well, "completed")
    look = shown()["needs_a_look"]
    assert [(one["kind"], one["job_name"], one["count"]) for one in look["items"]] == [
        ("dead_letter", "dead", 1),
        ("failed", "bad", 2),
    ]
    assert look["total"] == look["error_groups"] == 2
    assert look["new_error_groups"] == 1  # the other has been there for hours
    assert look["items"][0]["fingerprint"] == "f" * 32
    assert shown()["last_failure_at"] is not None


def test_queues_and_workers_that_are_amiss_come_before_all():
    lane = {"name": "bulk", "depth": 3, "paused": False, "workers": 0, "oldest_seconds": 1.0}
    fine = {**lane, "name": "fine", "workers": 1}
    slow = {**fine, "name": "slow", "oldest_seconds": 301.0}
    rests = {**lane, "name": "rests", "paused": True}
    began = now() - 2 * MINUTE
    idle = {"id": "w1", "consuming": False, "drained": False, "started_at": began}
    living = [
        idle,
        {**idle, "id": "w2", "drained": True},
        {**idle, "id": "w3", "started_at": now()},
        {**idle, "id": "w4", "consuming": True},
    ]
    found = looks.amiss([lane, fine, slow, rests], living, now())
    assert [(one["kind"], one.get("queue") or one["worker"]) for one in found] == [
        ("unserved", "bulk"),
        ("late", "slow"),
        ("idle_worker", "w1"),
    ]
    assert [one["kind"] for one in looks.wire(found, [], now())["items"]] == [
        "unserved",
        "late",
        "idle_worker",
    ]


def test_of_one_project_nothing_else_is_told():
    with transaction() as session:
        few = make_project(session)
        for project_id in ("default", few):
            job = make_job(
                session,
                name=project_id,
                project_id=project_id,
                schedule='{"type":"cron","expression":"* * * * *","timezone":"UTC"}',
                is_armed=True,
                next_due_at=now() + MINUTE,
            )
            for status in ("completed", "failed", "running"):
                make_execution(session, job, status)
    found = shown(few)
    names = {
        *(row["job_name"] for row in found["running"]["executions"]),
        *(row["job_name"] for row in found["finished"]),
        *(row["job_name"] for row in found["needs_a_look"]["items"]),
        *(row["job_name"] for row in found["up_next"]),
    }
    assert names == {few}
    figures = found["figures"]
    assert (figures["running"], figures["completed_24h"], figures["failed_24h"]) == (1, 1, 1)
    assert figures["total_jobs"] == 1
    assert figures["planned_next_hour"] in {59, 60}
    assert shown()["figures"]["planned_next_hour"] == 2 * figures["planned_next_hour"]
    assert len(shown()["up_next"]) == 2
    assert shown(new_id())["figures"]["total_jobs"] == 0


def test_what_one_may_not_read_is_left_out():
    found = shown(None, "dashboard:user")
    parts = ("needs_a_look", "running", "finished", "last_failure_at", "up_next")
    assert {found[name] for name in parts} == {None}
    assert shown(None, "job:read")["up_next"] == []


def test_what_was_slow_is_kept_for_a_while(monkeypatch):
    answers = iter((1, 2))
    monkeypatch.setattr(keeping, "_SLOW_SECONDS", -1.0)
    monkeypatch.setattr(time, "monotonic", iter((0.0, 1.0, 10.9, 11.1, 11.2)).__next__)
    with reading() as session:
        found = [keeping.kept(session, ("x",), lambda: next(answers)) for _ in range(3)]
    assert found == [1, 1, 2]


def test_what_is_kept_is_kept_for_all_who_read():
    found = []
    for answer in (1, 2):
        with reading() as session:
            found.append(keeping.kept(session, ("x",), lambda: answer, at_least=60.0))  # noqa: B023
    assert found == [1, 1]
