"""Dead letters of the time before there were retries are found like all others."""

import pytest
import sqlalchemy as sa

from app import db
from app.domain.fingerprint import fingerprint
from app.models import Execution
from migrations import apply
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")


def test_what_was_buried_before_has_a_fingerprint() -> None:
    error = "3 workers died while running it"
    with db.transaction() as session:
        job = make_job(session, status="failed", overlap="skip", on_lost="retry")
        values = {"error": error, "error_code": "POISON"}
        buried = make_execution(session, job, "dead_letter", **values)
        other = make_execution(session, job, "failed", error="no")
    engine = db.engine()
    while apply.current(engine) != "0003":
        apply.downgrade(engine)
    assert "fingerprint" not in [c["name"] for c in sa.inspect(engine).get_columns("executions")]
    apply.upgrade(engine)
    with db.reading() as session:
        row = session.get_one(Execution, buried)
        assert (row.fingerprint, row.retries) == (fingerprint(error, "POISON"), 0)
        assert session.get_one(Execution, other).fingerprint is None
