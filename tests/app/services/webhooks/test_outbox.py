"""What is written with events, on both databases."""

import threading
import time

import orjson
import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.domain.events import ExecutionEnded
from app.domain.outbound import OutboundPolicy
from app.events import emit
from app.models import Execution, Webhook, WebhookDelivery
from app.services import executions, projects
from app.services.executions import Owner, Result
from app.services.webhooks import outbox, subscriptions
from tests.support.rows import make_execution, make_job
from tests.support.webhooks import ALL, rung_for

pytestmark = pytest.mark.usefixtures("real_broker")


def subscribe(**over):
    values = {"name": "w", "url": "http://192.0.2.1/", "events": ALL} | over
    with db.transaction() as session:
        return subscriptions.create(session, values, "me", OutboundPolicy())["id"]


def webhook(webhook_id):
    with db.reading() as session:
        return session.get_one(Webhook, webhook_id)


def written(webhook_id):
    """Return the deliveries of a webhook, in order."""
    with db.reading() as session:
        query = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
        return list(session.scalars(query.order_by(WebhookDelivery.sequence)))


def told(webhook_id):
    return [row.event_type for row in written(webhook_id)]


def run(verdict, **over):
    """Start and end an execution of a new job, as a worker does; return its id."""
    with db.transaction() as session:
        job = make_job(session, on_lost=over.pop("on_lost", "fail"))
        executions.add(session, [executions.born(job, now(), "api", None, status="queued")])
    with db.transaction() as session:
        (taken,) = executions.claim(session, Owner("me", "1.0"), ["default"], 1, 15, oldest=False)
    with db.transaction() as session:
        assert executions.settle(session, taken, Result(verdict, 5, **over))
    return taken.id


@pytest.mark.parametrize(
    ("verdict", "names"),
    [
        ("completed", ["job.completed"]),
        ("failed", ["job.failed"]),
        ("timeout", ["job.failed", "job.timeout"]),
        ("cancelled", ["job.cancelled"]),
    ],
)
def test_an_execution_is_told_with_each_event_as_a_delivery_of_its_own(verdict, names):
    hook = subscribe()
    run(verdict)
    rows = written(hook)
    assert [row.event_type for row in rows] == ["job.started", *names]
    assert [row.sequence for row in rows] == [*range(1, len(rows) + 1)]
    assert len({row.id for row in rows}) == len(rows)


def test_a_due_moment_that_fails_thrice_is_failed_once():
    hook = subscribe(events="job.failed,job.retrying,job.dead_letter")
    row_id = run("failed", error_code="WORKER_SHUTDOWN", on_lost="retry")
    for _ in range(2):
        with db.transaction() as session:
            executions.claim(session, Owner("me", "1.0"), ["default"], 1, 15, oldest=False)
        with db.transaction() as session:
            running = sa.select(Execution).where(Execution.status == "running")
            again = session.scalars(running).one()
            assert again.root_execution_id == row_id
            again.deaths = again.attempt - 1
            executions.lose(session, again)
    assert told(hook) == ["job.retrying", "job.retrying", "job.failed", "job.dead_letter"]


def test_a_payload_says_what_happened_and_hides_what_may_be_secret():
    hook = subscribe(events="job.failed")
    with db.transaction() as session:
        config = '{"script":"curl -u me:hush","env":{"TOKEN":"hush"},"workdir":"/srv"}'
        job = make_job(session, config=config, description="nightly")
        over = {"output_tail": "hush", "parameters": '{"args":["hush"]}', "error": "exit code 7"}
        row_id = make_execution(session, job, "failed", exit_code=7, **over)
        emit(session, ExecutionEnded(row_id, job.id, "failed"))
    (row,) = written(hook)
    assert "hush" not in row.payload
    told = orjson.loads(row.payload)
    assert told.keys() == {"event", "timestamp", "data"}
    assert (told["event"], told["data"]["job"]["description"]) == ("job.failed", "nightly")
    config = orjson.loads(told["data"]["job"]["config"])
    assert config == {"script": "***", "env": "***", "workdir": "/srv"}
    execution = told["data"]["execution"]
    assert (execution["id"], execution["exit_code"]) == (row_id, 7)
    assert (execution["status"], execution["job_name"]) == ("failed", "a job")
    assert execution["started_at"].endswith("Z")


def test_a_config_that_cannot_be_read_or_known_hides_all():
    hook = subscribe(events="job.failed")
    with db.transaction() as session:
        for kind, config in (("gone", '{"url":"http://x/?hush"}'), ("shell", "hush")):
            job = make_job(session, type=kind, config=config)
            emit(session, ExecutionEnded(make_execution(session, job, "failed"), job.id, "failed"))
    assert "hush" not in "".join(row.payload for row in written(hook))
    assert len(written(hook)) == 2


def test_events_are_written_with_their_unit_of_work_or_not_at_all():
    hook = subscribe()
    with db.transaction() as session:
        job_id = make_job(session).id

    def fail():
        with db.transaction() as session:
            emit(session, ExecutionEnded("0" * 32, job_id, "failed"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert written(hook) == []


def test_what_is_gone_by_the_end_is_told_with_its_ids():
    hook = subscribe(events="job.cancelled")
    with db.transaction() as session:
        job = make_job(session)
        row_id = make_execution(session, job, "cancelled")
        emit(session, ExecutionEnded(row_id, job.id, "cancelled"))
        session.delete(job)
    (row,) = written(hook)
    data = orjson.loads(row.payload)["data"]
    assert data == {"job": {"id": job.id}, "execution": {"id": row_id, "job_id": job.id}}


def test_a_webhook_of_a_project_hears_only_of_that_project():
    with db.transaction() as session:
        project = projects.create(session, {"name": "other"})
    mine, all_of_them = subscribe(project_id=project["id"]), subscribe()
    run("completed")
    with db.transaction() as session:
        job = make_job(session, project_id=project["id"])
        emit(session, ExecutionEnded(make_execution(session, job), job.id, "completed"))
    assert told(mine) == ["job.completed"]
    assert len(told(all_of_them)) == 3


def test_without_a_webhook_an_event_asks_the_database_at_most_once_a_second(monkeypatch):
    asked = []
    engine = db.engine()

    def listen(_connection, _cursor, statement, *_):
        asked.extend([statement] if "webhooks" in statement else [])

    sa.event.listen(engine, "before_cursor_execute", listen)
    for _ in range(20):
        run("completed")
    sa.event.remove(engine, "before_cursor_execute", listen)
    assert 1 <= len(asked) <= 10


def test_another_process_hears_of_a_webhook_within_a_second():
    with db.reading() as session:
        assert outbox.subscriptions(session) == ()
    known = outbox._known
    hook = subscribe()
    outbox._known = known  # as if it had been made elsewhere
    deadline = time.monotonic() + outbox.LOOK_SECONDS + 1
    while not written(hook) and time.monotonic() < deadline:
        run("completed")
    assert written(hook)


def test_numbers_have_no_gap_however_many_write_at_once():
    hook = subscribe(events="job.failed")
    with db.transaction() as session:
        job = make_job(session)
        row_id = make_execution(session, job, "failed")

    def write():
        for _ in range(10):
            with db.transaction() as session:
                for _ in range(3):
                    emit(session, ExecutionEnded(row_id, job.id, "failed"))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.sequence for row in written(hook)] == [*range(1, 121)]
    assert webhook(hook).last_sequence == 120


def test_a_delivery_is_rung_for_after_the_commit():
    hook = subscribe()
    assert rung_for() == []
    run("completed")
    assert set(rung_for()) == {hook}
