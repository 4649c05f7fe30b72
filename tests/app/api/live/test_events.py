"""Pages hear of what changes, of all of it, and of nothing that they may not see."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from app.api.live import events, room
from app.db import transaction
from app.models import ApiKey
from app.services import access, api_keys
from app.services.access import Sight
from app.services.executions import Result, settle
from app.services.live import ending
from app.services.live.changes import Change
from app.services.live.marks import Mark, Told, mark_of
from app.services.live.pages import WAITING, Page
from tests.app.api.live.conftest import until_empty
from tests.support.api import claim_one, make, wish


def end(claim, verdict="completed"):
    with transaction() as session:
        settle(session, claim, Result(verdict, 5))


def key(**values):
    with transaction() as session:
        made = api_keys.create(session, {"name": "k", "scopes": "read,write", **values}, "test")
    return made, {"Authorization": f"Bearer {made['key']}"}


def test_the_life_of_an_execution_is_heard(serve, listen):
    app, url = serve()
    client, ear = app.test_client(), listen(url)
    assert ear.answer.headers["Content-Type"].startswith("text/event-stream")
    job = make(client, scheduled_at="now")
    ear.until(lambda e: ("job.created", None) in e.kinds(job["id"]))
    claim = claim_one()
    ear.until(lambda e: ("execution.changed", "running") in e.kinds(job["id"]))
    end(claim)
    ear.until(lambda e: ("execution.changed", "completed") in e.kinds(job["id"]))
    told = ear.changes(job["id"])[-1]
    assert told.keys() == {"type", "job_id", "execution_id", "status", "at"}
    assert told["execution_id"] == claim.id


def test_what_people_do_with_a_job_is_heard(serve, listen):
    app, url = serve()
    client, ear = app.test_client(), listen(url)
    job = make(client)
    assert client.patch(f"/api/jobs/{job['id']}", json={"name": "b"}).status_code == 200
    ear.until(lambda e: ("job.changed", None) in e.kinds(job["id"]))
    assert client.post(f"/api/jobs/{job['id']}/stop").status_code == 200
    ear.until(lambda e: ("execution.changed", "cancelled") in e.kinds(job["id"]))
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 204
    ear.until(lambda e: ("job.deleted", None) in e.kinds(job["id"]))


def test_what_was_not_committed_is_not_heard(serve, listen):
    app, url = serve()
    client, ear = app.test_client(), listen(url)
    job = make(client, scheduled_at="now")
    claim_one()
    ear.until(lambda e: ("execution.changed", "running") in e.kinds(job["id"]))
    assert client.delete(f"/api/jobs/{job['id']}").status_code == 409
    other = make(client)
    ear.until(lambda e: e.kinds(other["id"]))
    assert ("job.deleted", None) not in ear.kinds(job["id"])


@pytest.mark.parametrize("restarts", [False, True])
def test_who_comes_back_hears_what_was_missed(serve, listen, restarts, feed):
    app, url = serve()
    client, ear = app.test_client(), listen(url)
    first = make(client)
    if feed == "feed":  # until all processes have noticed that somebody listens
        ear.until(lambda e: [h for h in e.heard if h.id and h.json["job_id"] == first["id"]])
    ear.until(lambda e: e.kinds(first["id"]))
    last = next(h.id for h in ear.heard if h.json["job_id"] == first["id"] and h.id)
    ear.close()
    missed = [make(client)["id"] for _ in range(5)]
    if restarts:
        app, url = serve()
    again = listen(url, last=last)
    again.until(lambda e: all(("job.created", None) in e.kinds(i) for i in missed))
    marked = [h for h in again.heard if h.id and h.name == "job-update"]
    created = [h.json["job_id"] for h in marked if h.json["type"] == "job.created"]
    assert [i for i in created if i in missed] == missed
    ids = [mark for h in marked if (mark := mark_of(h.id))]
    assert ids == sorted(ids)


def test_who_comes_back_too_late_is_told_of_the_gap(serve, listen):
    _, url = serve()
    ear = listen(url, last="1000-0-0")
    ear.until(lambda e: [h for h in e.heard if h.name == "gap"])


def test_a_foreign_page_hears_nothing(serve, listen):
    _, url = serve()
    ear = listen(url, headers={"Origin": "https://evil.example"})
    assert ear.answer.status == 403
    assert listen(url, headers={"Origin": url}).answer.status == 200


def test_a_revoked_key_hears_no_more(serve, listen):
    app, url = serve(auth_enabled=True)
    made, headers = key()
    assert listen(url).answer.status == 401
    ear = listen(url, headers=headers)
    make_as(app, headers)
    ear.until(lambda e: e.changes())
    with transaction() as session:
        api_keys.revoke(session, made["id"])
    assert ear.has_ended.wait(10)


def make_as(app, headers, **over):
    answer = app.test_client().post("/api/jobs", json=wish(**over), headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]["id"]


def test_a_key_of_a_project_hears_of_nothing_else(serve, listen):
    app, url = serve(auth_enabled=True)
    _, everywhere = key()
    body = {"name": "mine"}
    made = app.test_client().post("/api/projects", json=body, headers=everywhere)
    project = made.json["data"]["id"]
    bound, within = key()
    with transaction() as session:
        session.get_one(ApiKey, bound["id"]).project_id = project
        access.changed(session)
    ear = listen(url, headers=within)
    foreign = make_as(app, everywhere)
    mine = make_as(app, everywhere, project_id=project)
    ear.until(lambda e: e.kinds(mine))
    assert app.test_client().delete(f"/api/jobs/{foreign}", headers=everywhere).status_code == 204
    assert app.test_client().delete(f"/api/jobs/{mine}", headers=everywhere).status_code == 204
    ear.until(lambda e: ("job.deleted", None) in e.kinds(mine))
    assert not ear.changes(foreign)


def test_there_is_room_for_so_many(serve, listen):
    _, url = serve(streams_max=2)
    first = [listen(url) for _ in range(2)]
    assert [ear.answer.status for ear in first] == [200, 200]
    refused = listen(url).answer
    assert (refused.status, int(refused.headers["Retry-After"])) == (503, 5)


def test_who_has_gone_makes_room_though_nothing_is_told(serve, listen, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 1e9)
    app, url = serve(streams_max=3)
    for _ in range(3):
        ears = [listen(url) for _ in range(3)]
        assert [ear.answer.status for ear in ears] == [200] * 3
        for ear in ears:
            ear.close()
        until_empty(app.extensions["oneoff_streams"])


def test_who_says_more_than_was_asked_for_has_not_gone(serve):
    app, url = serve()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 20) as talker:
        talker.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\nGET /more")
        words = talker.makefile("rb")
        assert any(b": live" in line for line in words)
        job = make(app.test_client())
        assert any(job["id"].encode() in line for line in words)


def test_streams_end_with_their_process(serve, listen):
    _, url = serve()
    ear = listen(url)
    ending.announce()
    try:
        assert ear.has_ended.wait(2)
        assert listen(url).answer.status == 503
    finally:
        ending._is_near = False


def test_a_slow_page_is_told_of_a_gap_and_holds_little():
    page = Page(Sight(everything=True))
    change = Change("job.changed", "j", "")
    for number in range(5 * WAITING):
        page.put([Told(Mark(number, 0, 0), change)])
    has_gap, told = page.take(0)
    assert has_gap
    assert [t.mark.milliseconds for t in told if t.mark] == list(range(4 * WAITING, 5 * WAITING))
    assert page.take(0) == (False, [])


def test_who_takes_nothing_is_dropped(serve, monkeypatch):
    monkeypatch.setattr(room, "STALL_SECONDS", 0.2)
    app, url = serve()
    parts = urlsplit(url)
    change = Told(Mark(1, 0, 0), Change("job.changed", "j" * 32, "x" * 1000))
    with socket.create_connection((parts.hostname, parts.port)) as deaf:
        deaf.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert deaf.recv(20).startswith(b"HTTP/1.")
        deadline = time.monotonic() + 30
        while app.extensions["oneoff_streams"].count():
            assert time.monotonic() < deadline
            for page in list(app.extensions["oneoff_hub"]._pages):
                page.put([change] * WAITING)
            time.sleep(0.01)
