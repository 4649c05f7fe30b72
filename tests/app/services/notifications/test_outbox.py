"""What is written when executions end: to whom, of what, and how often."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import db, reactions
from app.domain.events import ExecutionEnded
from app.events import emit
from app.models import Email, Job, JobStreak
from app.services.notifications import outbox
from tests.support.mails import ANN, BOB, a_job, configured, end, mails, streak
from tests.support.rows import make_execution

pytestmark = pytest.mark.usefixtures("real_broker")


@pytest.fixture(autouse=True)
def started():
    reactions.connect()
    with configured(public_url="https://jobs.example.com") as settings:
        yield settings


def kinds(**where):
    return [mail.kind for mail in mails(**where)]


def _end_and_fail(job_id):
    with db.transaction() as session:
        row = make_execution(session, session.get_one(Job, job_id), "failed")
        emit(session, ExecutionEnded(row, job_id, "failed"))
        raise ZeroDivisionError


def age(job_id, minutes=6):
    """Have the last mails about a job be so old."""
    with db.transaction() as session:
        row = session.get_one(JobStreak, job_id)
        for name in ("mailed_at", "alarmed_at"):
            if getattr(row, name) is not None:
                setattr(row, name, getattr(row, name) - timedelta(minutes=minutes))


def test_a_failure_is_told_to_every_address_in_a_mail_of_its_own():
    job = a_job(f"{ANN},{BOB}", name="nightly")
    row = end(job, "failed", exit_code=3, error="exit status 3", output_tail="the last words")
    found = mails()
    assert [mail.recipient for mail in found] == [ANN, BOB]
    for mail in found:
        assert mail.subject == "[OneOff] Failed: nightly"
        assert (mail.kind, mail.status, mail.attempts) == ("failure", "pending", 0)
        assert (mail.job_id, mail.execution_id) == (job, row)
        assert "the last words" in mail.text
        assert f"https://jobs.example.com/executions/{row}" in mail.html


@pytest.mark.parametrize(
    ("wish", "heard"),
    [
        ("failure", ["failure", "failure", "failure"]),
        ("success", ["success"]),
        ("always", ["success", "cancelled", "failure", "failure", "failure"]),
    ],
)
def test_each_wish_hears_of_its_ends(wish, heard):
    for status in ("completed", "cancelled", "failed", "timeout", "dead_letter"):
        end(a_job(on=wish), status)
    assert kinds() == heard


def test_an_attempt_that_is_tried_again_is_not_told():
    end(a_job(on="always"), "failed", will_retry=True)
    assert mails() == []


def test_nothing_is_written_while_e_mail_is_off():
    with configured(smtp_server=""):
        job = a_job(on="always")
        end(job, "failed", "failed", "failed", "completed")
    assert mails() == []
    assert streak(job) is None


def test_nothing_is_written_if_the_unit_of_work_fails():
    job = a_job()
    with pytest.raises(ZeroDivisionError):
        _end_and_fail(job)
    assert mails() == []
    assert streak(job) is None


def test_failures_close_together_are_one_mail_and_the_next_counts_them():
    job = a_job()
    end(job, "failed", "completed", "failed", "completed", "failed")
    assert kinds() == ["failure"]
    age(job)
    end(job, "failed")
    assert kinds() == ["failure", "failure"]
    assert "2 times more" in mails()[-1].text


def test_three_failures_in_a_row_raise_one_alarm_and_a_success_calls_it_off():
    with configured(alert_emails=(BOB, ANN.upper())):
        job = a_job(name="nightly")
        end(job, *["failed"] * 5)
        assert [(m.kind, m.recipient.lower()) for m in mails()] == [
            ("failure", ANN),
            ("alarm", ANN),
            ("alarm", BOB),
        ]
        assert mails(kind="alarm")[0].subject == "[OneOff] Failed 3 times in a row: nightly"
        assert streak(job).failures == 5
        end(job, "completed", "completed")
        recovered = mails(kind="recovery")
        assert [m.recipient.lower() for m in recovered] == [ANN, BOB]
        assert "after 5 failures" in recovered[0].text
        assert streak(job).failures == 0


def test_jobs_that_write_to_nobody_are_watched_for_the_whole_installation():
    with configured(alert_emails=(BOB,)):
        end(a_job(None), "failed", "failed", "failed", "completed")
    assert [(m.kind, m.recipient) for m in mails()] == [("alarm", BOB), ("recovery", BOB)]


def test_who_wants_to_hear_of_successes_hears_of_no_alarm():
    end(a_job(on="success"), "failed", "failed", "failed", "completed")
    assert kinds() == ["success"]


def test_a_success_of_a_job_that_has_not_failed_writes_nothing_and_asks_once():
    jobs = [a_job(None) for _ in range(3)]
    statements = []
    engine = db.engine()

    def seen(_connection, _cursor, statement, *_):
        statements.append(statement)

    with db.transaction() as session:
        rows = [(make_execution(session, session.get_one(Job, j)), j) for j in jobs]
    end(a_job(None), "completed")  # this process has looked whether e-mail is on
    sa.event.listen(engine, "before_cursor_execute", seen)
    with db.transaction() as session:
        for row, job in rows:
            emit(session, ExecutionEnded(row, job, "completed"))
    sa.event.remove(engine, "before_cursor_execute", seen)
    assert len([s for s in statements if "job_streaks" in s]) == 1
    assert not [s for s in statements if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert all(streak(job) is None for job in jobs)


def test_ends_of_one_job_in_one_unit_of_work_count_in_their_order():
    job = a_job(on="always")
    with db.transaction() as session:
        for status in ("completed", "failed", "failed", "failed", "completed"):
            row = make_execution(session, session.get_one(Job, job), status)
            emit(session, ExecutionEnded(row, job, status))
    assert sorted(kinds()) == ["alarm", "failure", "recovery", "success"]
    assert streak(job).failures == 0


def test_a_job_that_is_gone_is_told_of_no_more():
    job = a_job()
    with db.transaction() as session:
        row = make_execution(session, session.get_one(Job, job), "failed")
        emit(session, ExecutionEnded(row, job, "failed"))
        session.execute(sa.delete(Job).where(Job.id == job))
    assert mails() == []


def test_mails_go_with_their_execution():
    job = a_job()
    end(job, "failed")
    with db.transaction() as session:
        session.execute(sa.delete(Job).where(Job.id == job))
        assert session.scalar(sa.select(sa.func.count()).select_from(Email)) == 0


def test_the_language_is_that_of_the_settings():
    with configured(mail_language="vi"):
        end(a_job(name="nightly"), "failed")
    assert mails()[0].subject == "[OneOff] Thất bại: nightly"


def test_the_wiring_is_there():
    assert outbox.note in reactions.IN_TRANSACTION[ExecutionEnded]
