"""What ended badly of late and has not gone well since."""

from datetime import timedelta

import pytest

from app.db import reading, transaction
from app.domain.clock import now
from app.services import timeline
from tests.support.rows import make_execution, make_job


def troubles(hours=24):
    with reading() as session:
        return timeline.troubles(session, now() - timedelta(hours=hours))


@pytest.mark.usefixtures("database")
class TestTroubles:
    def test_what_failed_alike_is_one_with_the_newest_as_its_example(self):
        with transaction() as session:
            job = make_job(session, name="vacuum")
            for days in (0.5, 0.2, 0.1):
                newest = make_execution(
                    session, job, "failed", days=days, error_code="EXIT_CODE", error=f"{days}"
                )
            make_execution(session, job, "timeout", error_code="TIMEOUT")
            make_execution(session, job, "failed", days=2, error_code="EXIT_CODE")
        late, failed = troubles()
        assert (late["status"], late["count"]) == ("timeout", 1)
        assert (failed["status"], failed["count"], failed["error"]) == ("failed", 3, "0.1")
        assert (failed["execution_id"], failed["job_name"]) == (newest, "vacuum")
        assert failed["first_at"] < failed["last_at"]

    def test_what_went_well_since_or_was_replayed_needs_nobody(self):
        with transaction() as session:
            healed, broken, again = (make_job(session, name=n) for n in ("healed", "broken", "r"))
            make_execution(session, broken, "completed", days=0.3)
            make_execution(session, broken, "failed", days=0.2)
            make_execution(session, healed, "failed", days=0.2)
            done = make_execution(session, healed, "completed", days=0.1)
            make_execution(session, again, "failed", days=0.1, replayed_by=done)
            first = make_execution(session, again, "failed", days=0.1)
            make_execution(session, again, "dead_letter", parent_execution_id=first, attempt=2)
            make_execution(session, again, "cancelled", days=0.1)
        assert [row["job_name"] for row in troubles()] == ["broken"]

    def test_missed_moments_count_and_other_skipped_ones_do_not(self):
        with transaction() as session:
            job = make_job(session)
            make_execution(session, job, "skipped", reason="missed: nobody", moments=14)
            make_execution(session, job, "skipped", reason="its job was still running")
        (found,) = troubles()
        assert (found["status"], found["count"]) == ("skipped", 14)
        assert found["reason"] == "missed: nobody"
