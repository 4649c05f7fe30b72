"""Whoever watches an execution gets each of its lines once, in order, and nobody else does."""

import contextlib
import threading

import pytest
from wsproto.events import TextMessage

from app.db import transaction
from app.domain.clock import now, to_wire
from app.services import access, api_keys
from app.services.executions import Result, settle
from app.services.live import output
from app.services.usage.samples import Sample
from tests.app.api.live.test_events import key
from tests.support.api import claim_one, get, wish
from tests.support.people import make_user, sign_in
from tests.support.sockets import Watcher
from workers.chunks import write_chunk
from workers.log_sink import Chunk
from workers.telling import tell_lines, tell_sample


@pytest.fixture
def watch():
    """Open sockets, and close them at the end."""
    opened = []

    def start(url, execution_id, query="", **options):
        path = f"/api/executions/{execution_id}/logs/live{query}"
        opened.append(Watcher(url, path, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def write(execution_id, first, last):
    """Write lines as a worker does."""
    body = "".join(f"line {n}\\n" for n in range(first, last + 1))
    with transaction() as session:
        chunk = Chunk(first, last, now(), f'[["stdout",0,"{body}"]]', [])
        write_chunk(session, execution_id, chunk)


def running(client, headers=None):
    """Return the claim of an execution that runs."""
    client.post("/api/jobs", json=wish(scheduled_at="now"), headers=headers)
    return claim_one()


def end(claim):
    with transaction() as session:
        settle(session, claim, Result("completed", 5, exit_code=0))


def numbered(first, last):
    return [(n, f"line {n}") for n in range(first, last + 1)]


def test_lines_are_replayed_and_then_come_live(serve, watch):
    app, url = serve()
    client = app.test_client()
    claim = running(client)
    write(claim.id, 1, 3000)
    one, late = watch(url, claim.id), watch(url, claim.id, "?after=2990")
    one.until(lambda w: len(w.lines()) >= 3000)
    write(claim.id, 3001, 3010)
    write(claim.id, 3011, 3020)
    late.until(lambda w: (3020, "line 3020") in w.lines())
    write(claim.id, 3021, 3022)
    end(claim)
    assert one.until_closed() == late.until_closed() == 1000
    assert one.lines() == numbered(1, 3022)
    assert late.lines() == numbered(2991, 3022)
    stored = get(client, f"/api/executions/{claim.id}/logs", limit=10_000)["data"]
    assert [(line["number"], line["text"]) for line in stored] == one.lines()
    assert one.kinds()[-2:] == ["status", "end"]
    assert one.messages[-2]["status"] == "completed"
    assert one.messages[-2]["exit_code"] == 0
    assert {m["status"] for m in one.messages if m["type"] == "status"} == {"running", "completed"}
    assert one.messages[0].keys() == {"type", "number", "stream", "time", "lines"}


def test_many_watch_for_the_price_of_one(serve, watch, monkeypatch):
    reads = []
    real = output._read

    def read(one):
        reads.append(one)
        real(one)

    monkeypatch.setattr(output, "_read", read)
    app, url = serve()
    claim = running(app.test_client())
    watchers = [watch(url, claim.id) for _ in range(50)]
    threads = [threading.Thread(target=one.until_closed) for one in watchers]
    for thread in threads:
        thread.start()
    for first in range(1, 5001, 250):
        write(claim.id, first, first + 249)
    end(claim)
    for thread in threads:
        thread.join(30)
    for one in watchers:
        assert one.lines() == numbered(1, 5000)
        assert one.code == 1000
    assert len({id(one) for one in reads}) == 1


def tell(execution_id, first, last):
    """Tell lines as a worker does while they are printed, before they are in the rows."""
    data = "".join(f"line {n}\n" for n in range(first, last + 1)).encode()
    tell_lines(execution_id, first, "stdout", now(), data)


@pytest.mark.parametrize("feed", ["feed"], indirect=True)  # without one nothing is told
def test_lines_are_told_before_they_are_written(serve, watch, feed):
    app, url = serve()
    claim = running(app.test_client())
    write(claim.id, 1, 10)
    one = watch(url, claim.id)
    one.until(lambda w: len(w.lines()) >= 10)

    def heard(w):
        tell(claim.id, 11, 12)  # until the worker has noticed that somebody watches
        return w.lines()[-1][0] == 12

    one.until(heard)
    tell(claim.id, 15, 16)  # what is missing between is in the rows
    sample = Sample(now(), 3.5, 1024, None)
    tell_sample(claim.id, sample)
    one.until(lambda w: "metric" in w.kinds())
    assert one.lines() == numbered(1, 12)
    write(claim.id, 11, 14)
    one.until(lambda w: w.lines()[-1][0] == 16)
    late = watch(url, claim.id, "?after=11")
    write(claim.id, 15, 16)
    end(claim)
    assert one.until_closed() == late.until_closed() == 1000
    assert one.lines() == numbered(1, 16)
    assert late.lines() == numbered(12, 16)
    assert [m for m in late.messages if m["type"] == "metric"] == [
        {
            "type": "metric",
            "timestamp": to_wire(sample.at),
            "cpu_percent": 3.5,
            "memory_bytes": 1024,
            "memory_percent": None,
        }
    ]


def test_lines_that_were_left_out_are_told_as_a_gap(serve, watch):
    app, url = serve()
    claim = running(app.test_client())
    write(claim.id, 1, 3)
    write(claim.id, 10, 12)
    end(claim)
    one = watch(url, claim.id)
    assert one.until_closed() == 1000
    assert one.lines() == numbered(1, 3) + numbered(10, 12)
    assert [m for m in one.messages if m["type"] == "gap"] == [{"type": "gap", "from": 4, "to": 9}]


def test_a_foreign_page_a_stranger_and_a_plain_request_are_refused(serve, watch):
    app, url = serve()
    claim = running(app.test_client())
    assert watch(url, claim.id, headers={"Origin": "https://evil.example"}).status == 403
    assert watch(url, claim.id, headers={"Origin": url}).status == 101
    assert watch(url, "0" * 32).status == 404
    assert app.test_client().get(f"/api/executions/{claim.id}/logs/live").status_code == 400
    assert app.test_client().get(f"/api/runs/{claim.id}/logs/live?after=x").status_code == 400


def test_a_ticket_is_for_one_socket_of_one_execution(serve, watch):
    app, url = serve(auth_enabled=True)
    client = app.test_client()
    _, headers = key()
    claim = running(client, headers)
    assert watch(url, claim.id).status == 401
    other = client.post("/api/jobs", json=wish(scheduled_at="now"), headers=headers)
    assert other.status_code == 201
    second = claim_one()

    def ticket():
        made = client.post(f"/api/executions/{claim.id}/logs/ticket", headers=headers)
        assert made.status_code == 201, made.text
        return "?ticket=" + made.json["data"]["ticket"]

    good = ticket()
    assert watch(url, second.id, good).status == 401
    assert watch(url, claim.id, good).status == 101
    assert watch(url, claim.id, good).status == 401
    assert watch(url, claim.id, "?ticket=x").status == 401
    assert watch(url, claim.id, headers=headers).status == 101


def test_who_may_no_more_is_shown_out(serve, watch):
    app, url = serve(auth_enabled=True)
    made, headers = key()
    claim = running(app.test_client(), headers)
    asked = app.test_client().post(f"/api/executions/{claim.id}/logs/ticket", headers=headers)
    by_key = watch(url, claim.id, headers=headers)
    by_ticket = watch(url, claim.id, "?ticket=" + asked.json["data"]["ticket"])
    with transaction() as session:
        api_keys.revoke(session, made["id"])
        access.changed(session)
    assert by_key.until_closed() == by_ticket.until_closed() == 4401


def test_a_person_watches_by_cookie_or_ticket_until_the_session_ends(serve, watch):
    app, url = serve(auth_enabled=True)
    make_user("alice", "admin")
    browser = app.test_client()
    assert sign_in(browser, X_Session="cookie").status_code == 200
    token = {"X-CSRF-Token": browser.get_cookie("oneoff_csrf").value}
    claim = running(browser, token)
    access = browser.get_cookie("oneoff_access", path="/api").value
    cookie = {"Cookie": f"oneoff_access={access}"}
    by_cookie = watch(url, claim.id, headers=cookie | {"Origin": url})
    foreign = watch(url, claim.id, headers=cookie | {"Origin": "https://evil.example"})
    address = f"/api/executions/{claim.id}/logs/ticket"
    assert browser.post(address).status_code == 403
    made = browser.post(address, headers=token)
    by_ticket = watch(url, claim.id, "?ticket=" + made.json["data"]["ticket"])
    assert (by_cookie.status, by_ticket.status, foreign.status) == (101, 101, 403)
    assert browser.post("/api/auth/logout", headers=token).status_code in {200, 204}
    assert by_cookie.until_closed() == by_ticket.until_closed() == 4401


def test_there_is_room_for_so_many_sockets(serve, watch):
    app, url = serve(streams_max=1)
    claim = running(app.test_client())
    first = watch(url, claim.id)
    assert first.status == 101
    assert watch(url, claim.id).until_closed() == 4429


def test_who_says_too_much_is_shown_out(serve, watch):
    app, url = serve()
    claim = running(app.test_client())
    one = watch(url, claim.id)
    assert one.status == 101
    with contextlib.suppress(OSError):
        one.say(TextMessage(data="x" * 70_000))
    assert one.until_closed() == 1009
