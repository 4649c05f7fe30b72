"""A long series of rows goes in passes: one unit of work for each, until one is not full."""

import pytest

from app import db
from app.services import handoff
from app.services.schedules import firing
from beat import scheduler


@pytest.mark.usefixtures("database")
def test_passes_go_on_until_one_is_not_full():
    sizes, sessions = [50, 50, 7, 50], []

    def step(session):
        sessions.append(session)
        return sizes.pop(0)

    scheduler._in_passes(step, 50)
    assert (sizes, len({id(one) for one in sessions})) == ([50], len(sessions))


@pytest.mark.usefixtures("database")
def test_passes_that_never_end_leave_the_rest_to_the_next_round(monkeypatch):
    monkeypatch.setattr(scheduler, "PASSES_SECONDS", 0.05)
    sizes = iter([50] * 1000)
    scheduler._in_passes(lambda _session: next(sizes), 50)
    assert next(sizes) == 50


def test_on_sqlite_where_all_wait_meanwhile_a_pass_is_small(database):
    few = database == "sqlite"
    assert db.is_sqlite() == few
    assert (firing.jobs_a_pass(), handoff.rows_a_pass()) == ((50, 100) if few else (500, 1000))
