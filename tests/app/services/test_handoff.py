"""What is due is found soon, however much is planned for later."""

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.services import handoff, statistics
from tests.support.rows import make_execution, make_job

PLANNED = 3_000


@pytest.fixture
def planned(database):
    """Many jobs for tomorrow; the database's statistics say so."""
    with transaction() as session:
        job = make_job(session)
        for _ in range(PLANNED):
            make_execution(session, job, "scheduled", days=-1)
    with transaction() as session:
        session.execute(sa.text("ANALYZE"))


def explained(look):
    """Return the plans of what ``look`` asks, as the database tells them."""
    plans = []

    def explain(connection, _cursor, statement, parameters, *_):
        if "executions" in statement:
            is_sqlite = connection.dialect.name == "sqlite"
            how = "QUERY PLAN" if is_sqlite else "(ANALYZE, BUFFERS, FORMAT JSON)"
            cursor = connection.connection.driver_connection.cursor()
            cursor.execute(f"EXPLAIN {how} {statement}", parameters)
            plans.append([row[-1] for row in cursor.fetchall()])

    with reading() as session:
        engine = session.get_bind()
        sa.event.listen(engine, "before_cursor_execute", explain)
        look(session)
        sa.event.remove(engine, "before_cursor_execute", explain)
    return plans


@pytest.mark.parametrize(
    "look",
    [
        lambda session: handoff.hand_off_due(session, 10),
        handoff.queue_overdue,
        statistics.due,
    ],
    ids=["hand off", "overdue", "count"],
)
def test_looking_for_what_is_due_passes_by_what_is_planned(planned, database, look):
    (plan,) = explained(look)
    if database == "sqlite":
        assert "ix_executions_due (status=? AND run_at<?)" in str(plan)
        return
    pages = plan[0][0]["Plan"]["Shared Hit Blocks"] + plan[0][0]["Plan"]["Shared Read Blocks"]
    assert pages < 10  # it has some dozens
