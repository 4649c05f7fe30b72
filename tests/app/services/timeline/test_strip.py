"""A stretch of time in buckets: what ended in each, and what is planned."""

from datetime import UTC, datetime, timedelta

import pytest

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Invalid
from app.services import timeline
from app.services.timeline import planned
from tests.support.rows import make_execution, make_job

QUARTER = timedelta(minutes=15)
HOURLY = '{"type":"cron","expression":"0 * * * *","timezone":"UTC"}'
EVERY_MINUTE = '{"type":"cron","expression":"* * * * *","timezone":"UTC"}'


def quarter(moment):
    return moment - (moment - datetime(2020, 1, 1, tzinfo=UTC)) % QUARTER


def hour(moment):
    return moment.replace(minute=0, second=0, microsecond=0)


def strip(first, last, seconds=900):
    with reading() as session:
        return timeline.strip(session, first, last, seconds)


def plan(last, most=timeline.MOST_MOMENTS):
    with reading() as session:
        return timeline.plan(session, now(), last, most)


def due_hourly(session, **over):
    coming = hour(now()) + timedelta(hours=1)
    return make_job(session, schedule=HOURLY, is_armed=True, next_due_at=coming, **over)


@pytest.mark.usefixtures("database")
class TestPast:
    def test_each_end_is_in_the_bucket_in_which_it_started(self):
        first = quarter(now()) - 4 * QUARTER
        with transaction() as session:
            job = make_job(session)
            at = {
                "completed": first + timedelta(milliseconds=1),
                "failed": first + QUARTER - timedelta(milliseconds=1),
                "timeout": first + QUARTER,
                "dead_letter": first + QUARTER + timedelta(seconds=1),
                "cancelled": first + 3 * QUARTER,
            }
            for status, moment in at.items():
                make_execution(session, job, status, started_at=moment)
            make_execution(session, job, "completed", started_at=first - timedelta(milliseconds=1))
            make_execution(session, job, "running", started_at=first)
            make_execution(session, job, "skipped")
        rows = strip(first, first + 4 * QUARTER)["buckets"]
        shown = [(row["completed"], row["failed"], row["cancelled"]) for row in rows]
        assert shown == [(1, 1, 0), (0, 2, 0), (0, 0, 0), (0, 0, 1)]
        assert [row["at"] for row in rows] == [first + n * QUARTER for n in range(4)]

    def test_the_last_bucket_may_be_cut_short(self):
        first = quarter(now()) - QUARTER
        assert len(strip(first, first + timedelta(minutes=16))["buckets"]) == 2
        assert strip(first, first)["buckets"] == []

    @pytest.mark.parametrize(("seconds", "field"), [(1, "bucket_seconds"), (86_400, "from")])
    def test_what_cannot_be_shown_is_refused(self, seconds, field):
        first = now()
        last = first + timedelta(hours=1) if field != "from" else first - QUARTER
        with pytest.raises(Invalid) as caught:
            strip(first, last, seconds)
        assert [fault.field for fault in caught.value.faults] == [field]


@pytest.mark.usefixtures("database")
class TestPlanned:
    def test_moments_of_all_jobs_come_in_order_those_that_have_rows_too(self):
        with transaction() as session:
            due_hourly(session, name="hourly")
            once = make_job(session, name="once")
            make_execution(session, once, "scheduled", days=-0.01)
            make_job(session, name="resting", schedule=HOURLY)
        last = hour(now()) + timedelta(hours=3)
        found = plan(last)
        assert sorted(row["job_name"] for row in found.moments) == ["hourly"] * 3 + ["once"]
        assert [row["at"] for row in found.moments] == sorted(row["at"] for row in found.moments)
        assert found.until == last

    def test_a_bound_is_told_by_until_when_nothing_is_left_out(self):
        with transaction() as session:
            due_hourly(session)
            due_hourly(session)
        found = plan(now() + timedelta(days=1), most=3)
        assert len(found.moments) == 3
        # The fourth is left out, and is due in the same moment as the third.
        assert found.until == found.moments[2]["at"] - timedelta(milliseconds=1)

    def test_only_the_next_of_each_job_if_so_wanted(self):
        with transaction() as session:
            often = due_hourly(session, name="often")
            make_execution(session, often, "scheduled", days=-0.0001)
            late = hour(now()) + timedelta(hours=9)
            make_job(session, name="late", schedule=EVERY_MINUTE, next_due_at=late)
        with reading() as session:
            found = timeline.plan(session, now(), now() + timedelta(days=1), only_next=True)
        assert [row["job_name"] for row in found.moments] == ["often", "late"]

    def test_jobs_beyond_the_bound_end_what_is_known(self, monkeypatch):
        monkeypatch.setattr(planned, "_MOST_JOBS", 1)
        with transaction() as session:
            due_hourly(session, name="first")
            later = hour(now()) + timedelta(hours=5)
            make_job(session, schedule=EVERY_MINUTE, is_armed=True, next_due_at=later)
        found = plan(now() + timedelta(days=1))
        assert found.until == later - timedelta(milliseconds=1)
        assert {row["job_name"] for row in found.moments} == {"first"}
        assert len(found.moments) == 4

    def test_a_blackout_holds_no_moment_and_a_delay_shows_only_the_next(self):
        closed = (
            '{"type":"cron","expression":"0 * * * *","timezone":"UTC",'
            '"blackouts":[{"from":"2020-01-01","to":"2099-12-31"}]}'
        )
        delay = '{"type":"fixed_delay","delay_seconds":60}'
        with transaction() as session:
            make_job(session, schedule=closed, next_due_at=hour(now()) + timedelta(hours=1))
            make_job(session, schedule=delay, name="delay", next_due_at=now() + QUARTER)
        found = plan(now() + timedelta(hours=3))
        assert [row["job_name"] for row in found.moments] == ["delay"]

    def test_the_strip_counts_them_beside_what_was(self):
        first = hour(now())
        with transaction() as session:
            due_hourly(session)
        rows = strip(first, first + timedelta(hours=3), 3600)["buckets"]
        assert [row["planned"] for row in rows] == [0, 1, 1]
