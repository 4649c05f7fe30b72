"""The client against the API: every call does what it says, and answers are typed."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.client import Client, Conflict, Invalid, NotFound
from app.client.system_things import KINDS
from app.db import transaction
from app.domain.clock import now
from app.services import finding, recovery
from app.services.usage import rollups, samples
from app.services.usage.samples import Sample
from app.settings import Settings
from tests.app.api.test_executions import chunk
from tests.support.api import LATER, claim_one, fill, settle

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SHELL = {"type": "shell", "config": {"script": "echo hi"}}


@pytest.fixture
def oneoff(api_url):
    """A client of the API."""
    with Client(api_url) as client:
        yield client


def make(oneoff, name="a job", scheduled_at=LATER, **fields):
    return oneoff.jobs.create(name=name, scheduled_at=scheduled_at, **SHELL | fields)


class TestJobs:
    def test_a_job_lives_from_create_to_delete(self, oneoff):
        job = make(oneoff, priority=7)
        assert (job.name, job.spec["script"], job.priority) == ("a job", "echo hi", 7)
        assert job.scheduled_at == datetime(2100, 1, 1, tzinfo=UTC)
        assert oneoff.jobs.update(job.id, description="new").description == "new"
        assert oneoff.jobs.get(job.id).version == 2
        copy = oneoff.jobs.clone(job.id, LATER, "a copy")
        assert (copy.name, copy.priority) == ("a copy", 7)
        oneoff.jobs.cancel(copy.id)
        assert oneoff.jobs.get(copy.id).status == "cancelled"
        oneoff.jobs.delete(job.id)
        with pytest.raises(NotFound, match="Job not found"):
            oneoff.jobs.get(job.id)

    def test_lists_are_filtered_and_walked_to_the_end(self, oneoff):
        fill(23)
        special = make(oneoff, "special", tag_ids=[])
        assert [job.id for job in oneoff.jobs.list(search="pecia", limit=5)] == [special.id]
        page = oneoff.jobs.list(limit=10)
        assert (len(page), page.total, page.total_is_capped) == (10, 24, False)
        assert len({job.id for job in oneoff.jobs.walk(limit=10)}) == 24
        assert [job.name for job in oneoff.jobs.walk(status="scheduled", limit=10)] == ["special"]

    def test_named_finds_exact_names_only(self, oneoff):
        one, two = make(oneoff, "nightly"), make(oneoff, "nightly")
        make(oneoff, "nightly 2")
        make(oneoff, "Nightly")
        assert {job.id for job in oneoff.jobs.named("nightly")} == {one.id, two.id}

    def test_an_edit_of_an_older_version_is_a_conflict(self, oneoff):
        job = make(oneoff)
        oneoff.jobs.update(job.id, version=1, priority=2)
        with pytest.raises(Conflict) as refused:
            oneoff.jobs.update(job.id, version=1, priority=3)
        assert refused.value.details == {"version": 2}

    def test_many_are_made_and_each_fault_is_told(self, oneoff):
        good = {"name": "x", "scheduled_at": LATER, **SHELL}
        bulk = oneoff.jobs.create_many([good, {**good, "priority": 99}])
        assert (bulk.created, bulk.failed) == (1, 1)
        assert bulk.data[0].data.name == "x"
        assert bulk.data[1].error["details"][0]["field"] == "priority"

    def test_a_start_waits_for_the_end(self, oneoff):
        job = make(oneoff)

        def work():
            while not oneoff.executions.list(job_id=job.id, status=["queued"]).rows:
                time.sleep(0.02)
            settle(claim_one(), exit_code=0)

        worker = threading.Thread(target=work)
        worker.start()
        started = oneoff.jobs.execute(job.id, wait=20, env={"A": "b"}, args=["x"])
        worker.join()
        assert (started.status, started.execution.exit_code) == ("completed", 0)
        assert started.execution.parameters == {"env": {"A": "***"}, "args": ["x"]}

    def test_figures_of_a_job(self, oneoff):
        job = make(oneoff)
        assert (job.success_rate, job.consecutive_failures) == (None, 0)
        oneoff.jobs.execute(job.id)
        settle(claim_one(), "failed", exit_code=1)
        found = oneoff.jobs.stats(job.id, days=2)
        assert (found.total, found.failed, found.success_rate) == (1, 1, 0.0)
        assert found.since < found.last_execution_at <= found.last_failure_at
        assert oneoff.jobs.get(job.id).consecutive_failures == 1

    def test_what_jobs_and_executions_use(self, oneoff):
        job = make(oneoff)
        started = oneoff.jobs.execute(job.id)
        claim = claim_one()
        first, last = now() - timedelta(seconds=2), now()
        with transaction() as session:
            found = [Sample(at, 99.5, 1024, None) for at in (first, last)]
            samples.write(session, claim.id, claim.epoch, found)
        settle(claim, duration_ms=100, cpu_seconds=0.1)
        metrics = oneoff.executions.metrics(started.execution_id)
        assert [one.timestamp for one in metrics.data] == [first, last]
        assert (metrics.status, metrics.usage.cpu_seconds) == ("completed", 0.1)
        assert len(oneoff.executions.metrics(started.execution_id, after=first).data) == 1
        assert oneoff.jobs.metrics(job.id).buckets == []
        rollups.roll_up(Settings())
        by_hour = oneoff.jobs.metrics(job.id, days=1, bucket="hour")
        assert (by_hour.total.run_count, by_hour.buckets[0].avg_cpu_percent) == (1, 100.0)
        assert oneoff.system.dashboard().success_rate == 1.0


class TestErrors:
    def test_faults_come_with_code_status_and_trace(self, oneoff):
        with pytest.raises(Invalid) as refused:
            oneoff.jobs.create(name="", type="shell", config={}, scheduled_at="soon")
        error = refused.value
        assert (error.status, error.code) == (400, "VALIDATION_ERROR")
        assert {fault.field for fault in error.faults} >= {"name", "scheduled_at"}
        assert len(error.trace_id) == 32
        assert str(error) == error.message

    def test_a_refusal_without_faults_has_none(self, oneoff):
        with pytest.raises(NotFound) as refused:
            oneoff.executions.get("0" * 32)
        assert refused.value.faults == ()


class TestExecutions:
    def test_lines_are_read_and_followed_to_the_end(self, oneoff):
        make(oneoff, scheduled_at="now")
        claim = claim_one()
        chunk(claim, 1, ("stdout", "one\n"), ("stderr", "two\n"))
        assert [line.text for line in oneoff.executions.logs(claim.id)] == ["one", "two"]
        lines = oneoff.executions.follow(claim.id)
        assert [next(lines).stream, next(lines).stream] == ["stdout", "stderr"]
        chunk(claim, 3, ("stdout", "three\n"))
        assert next(lines).text == "three"
        settle(claim, exit_code=0)
        assert list(lines) == []
        assert [line.number for line in oneoff.executions.logs(claim.id, after=2)] == [3]

    def test_waiting_ends_with_the_time_or_with_the_execution(self, oneoff):
        make(oneoff, scheduled_at="now")
        claim = claim_one()
        assert oneoff.executions.wait(claim.id, 0.1).is_final is False
        settle(claim, "failed", exit_code=3)
        ended = oneoff.executions.wait(claim.id)
        assert (ended.is_final, ended.exit_code) == (True, 3)

    def test_they_are_listed_and_cancelled(self, oneoff):
        job = make(oneoff)
        (row,) = oneoff.executions.list(job_id=job.id, include="all")
        assert row.status == "scheduled"
        assert oneoff.executions.cancel(row.id) == "cancelled"
        assert oneoff.executions.list(job_id=job.id).total == 0

    def test_all_of_many_are_walked(self, oneoff):
        (job_id,) = fill(1, per_job=31)
        assert len({row.id for row in oneoff.executions.walk(job_id=job_id, limit=7)}) == 31

    def test_the_attempt_after_a_lost_one_is_found(self, oneoff):
        make(oneoff, scheduled_at="now", on_lost="retry")
        claim = claim_one()
        first = oneoff.executions.get(claim.id)
        assert oneoff.executions.retry_of(first) is None
        lose(claim)
        second = oneoff.executions.retry_of(first)
        assert (second.attempt, second.parent_execution_id) == (2, first.id)


def lose(claim):
    """Judge an execution whose worker has died."""
    with transaction() as session:
        recovery.lose_owned(session, "worker-1", None, "it died")


def test_projects_and_tags_are_kept(oneoff):
    project = oneoff.projects.create("shop", color="#6366f1")
    assert oneoff.projects.update(project.id, is_archived=True).is_archived
    assert "shop" not in [one.name for one in oneoff.projects.walk()]
    assert "shop" in [one.name for one in oneoff.projects.walk(include_archived=True)]
    job = make(oneoff, project_id=project.id)
    oneoff.projects.delete(project.id, reassign_to="default")
    assert oneoff.jobs.get(job.id).project_id == "default"
    tag = oneoff.tags.create("nightly")
    assert oneoff.tags.update(tag.id, name="weekly").name == "weekly"
    assert "weekly" in [one.name for one in oneoff.tags.walk()]
    oneoff.tags.delete(tag.id)
    assert "weekly" not in [one.name for one in oneoff.tags.list()]


def test_the_system_says_how_it_is(oneoff):
    assert oneoff.system.status().total_jobs == 0
    oneoff.system.set_config("default_priority", "7")
    assert {row.key: row.value for row in oneoff.system.config()}["default_priority"] == "7"
    assert oneoff.workers.list() == []
    assert oneoff.workers.status().total_workers == 0
    assert oneoff.health().status == "degraded"


def test_a_schedule_is_previewed(oneoff):
    schedule = {"type": "cron", "expression": "0 0 9 * * *"}
    found = oneoff.schedules.preview(
        schedule, 3, start="2030-03-29T12:00:00Z", timezone="Europe/Berlin"
    )
    assert found.next[0].local == "2030-03-30T09:00:00+01:00"
    assert len(found.next) == 3
    assert found.transitions[0].kind == "gap"
    assert "six fields" in found.warnings[0]
    assert found.words.keys() == {"en", "vi"}
    assert "six fields" in make(oneoff, scheduled_at=None, schedule=schedule).warnings[0]


def test_a_job_is_taken_back_to_what_it_was(oneoff):
    job = make(oneoff, description="old")
    oneoff.jobs.update(job.id, description="new", priority=9)
    later, first = oneoff.jobs.revisions(job.id)
    assert (later.version, first.version, first.changed) == (2, 1, None)
    assert sorted(later.changed) == ["description", "priority"]
    assert oneoff.jobs.revision(job.id, 1).definition["description"] == "old"
    restored = oneoff.jobs.restore(job.id, 1)
    assert (restored.version, restored.description, restored.priority) == (3, "old", 5)
    assert oneoff.jobs.revisions(job.id, limit=1).total == 3


def test_what_a_job_is_to_do_is_tried_before_it_is_made(oneoff):
    started = oneoff.jobs.try_out(SHELL)
    assert claim_one().id == started.execution_id
    (job,) = oneoff.jobs.list()
    assert (job.id, job.name, job.created_by) == (started.job_id, "Try: shell", "anonymous")


def test_things_are_found_by_a_few_letters(oneoff):
    job = make(oneoff, "nightly backup")
    oneoff.projects.create("nightly")
    (found,) = oneoff.system.search("nightl", kind=["job"], limit=3)
    assert (found.kind, found.id, found.title) == ("job", job.id, "nightly backup")
    assert not oneoff.system.search("nobody is called so")
    assert tuple(finding.KINDS) == KINDS


def test_all_of_the_first_page_is_told(oneoff):
    job = make(oneoff, scheduled_at="now")
    claim_one()
    found = oneoff.system.overview()
    assert (found.figures["running"], found.running["total"]) == (1, 1)
    assert found.running["executions"][0]["job_id"] == job.id
    other = oneoff.projects.create("other").id
    assert oneoff.system.overview(other).figures["running"] == 0
