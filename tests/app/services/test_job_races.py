"""Two who want the same job at the same moment."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import transaction
from app.domain.errors import Conflict
from app.services import executions
from app.services.executions import Owner
from app.services.jobs import edits
from app.services.jobs.drafts import Draft
from app.settings import Settings
from tests.support.api import get, make, rows_of, wish

LATER = "2100-01-01T00:00:00Z"


def together(count, do):
    """Do something in threads that begin at the same moment; return what came of each."""
    barrier = threading.Barrier(count)

    def one(number):
        barrier.wait(10)
        return do(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def claim(session):
    return executions.claim(session, Owner("w", "1.0"), ["default"], 1, 60, oldest=False)


def behind(first, second):
    """Begin ``second`` while the unit of work of ``first`` is open; return what it came to."""
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            first(session)
            waiting = pool.submit(second)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        return waiting.result(10)


def edit(session, job, **values):
    return edits.update(session, job["id"], Draft(values), "me", Settings())


def test_a_claim_behind_an_edit_takes_nothing_that_was_put_off(client):
    job = make(client, scheduled_at="now")

    def claiming():
        with transaction() as session:
            return claim(session)

    taken = meanwhile(lambda s: edit(s, job, scheduled_at=LATER), claiming)
    assert taken == []
    assert rows_of(client, job["id"])[0]["status"] == "scheduled"


def meanwhile(first, second):
    """Like ``behind``, but PostgreSQL's claims skip what is locked instead of waiting."""
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            first(session)
            session.flush()
            waiting = pool.submit(second)
            threading.Event().wait(0.3)
        return waiting.result(10)


def test_an_edit_behind_a_claim_is_refused(client):
    job = make(client, scheduled_at="now")

    def editing():
        with transaction() as session:
            return edit(session, job, scheduled_at=LATER)

    with pytest.raises(Conflict, match="running"):
        behind(claim, editing)
    assert rows_of(client, job["id"])[0]["status"] == "running"


def test_of_many_starts_at_once_one_is_accepted(client):
    job = make(client)
    client.post(f"/api/jobs/{job['id']}/cancel")
    app = client.application

    def start(_):
        return app.test_client().post(f"/api/jobs/{job['id']}/execute").status_code

    assert sorted(together(6, start)) == [200] + [409] * 5
    assert len(rows_of(client, job["id"])) == 2


def test_of_many_jobs_with_one_external_id_one_is_made(client):
    app = client.application

    def create(_):
        return app.test_client().post("/api/jobs", json=wish(external_id="e")).status_code

    assert sorted(together(6, create)) == [201] + [409] * 5
    assert get(client, "/api/jobs")["total"] == 1


@pytest.mark.parametrize("path", ["/api/projects", "/api/tags"])
def test_of_many_of_one_name_one_is_made(client, path):
    app = client.application
    answers = together(6, lambda _: app.test_client().post(path, json={"name": "same"}).status_code)
    assert sorted(answers) == [201] + [409] * 5


def test_of_many_edits_of_one_version_one_is_taken(client):
    job = make(client)
    app = client.application

    def change(number):
        url, headers = f"/api/jobs/{job['id']}", {"If-Match": '"1"'}
        return app.test_client().patch(url, json={"name": f"n{number}"}, headers=headers)

    answers = together(6, change)
    assert sorted(a.status_code for a in answers) == [200] + [409] * 5
    assert get(client, f"/api/jobs/{job['id']}")["data"]["version"] == 2


def test_claims_and_edits_never_block_one_another_for_good(client):
    jobs = [make(client, scheduled_at="now") for _ in range(8)]
    app = client.application

    def work(number):
        if number % 2:
            with transaction() as session:
                return len(claim(session))
        url = f"/api/jobs/{jobs[number]['id']}"
        return app.test_client().patch(url, json={"priority": 9}).status_code

    for answer in together(8, work)[::2]:
        assert answer in {200, 409}
