"""The client and servers that are away, slow, busy, or no OneOff at all."""

import contextlib
import json

import pytest

from app.client import Client, Invalid, Options, RateLimited, Unavailable, Unreachable, Unreadable
from app.client import connection as module
from tests.support.http_target import (
    HttpTarget,
    answer,
    hangs,
    in_turn,
    redirect,
    resets,
    sends,
    unused_port,
)

JSON = (("Content-Type", "application/json"), ("Connection", "close"))
PATIENCE = Options(connect_seconds=2, read_seconds=1)
TAG = {"id": "a" * 32, "name": "x", "created_at": "2030-01-01T00:00:00Z"}


def says(body, status=200, *headers):
    return answer(status, json.dumps(body).encode(), (*JSON, *headers))


def refuses(status, *headers):
    return says({"error": "no", "code": "X", "details": None, "trace_id": "t"}, status, *headers)


@pytest.fixture
def target(monkeypatch):
    """A server that answers as told; pauses between tries are short."""
    monkeypatch.setattr(module, "_backoff", lambda tried: 0.01)
    with HttpTarget() as one:
        yield one


@pytest.fixture
def client():
    """Return a function that makes a client of a server."""
    with contextlib.ExitStack() as made:
        yield lambda target, key=None, options=PATIENCE: made.enter_context(
            Client(target.url(""), key, options)
        )


BUSY = [resets(), sends(b""), refuses(503), refuses(429), answer(502), hangs(10)]


@pytest.mark.parametrize("trouble", BUSY)
def test_a_question_is_asked_again(client, target, trouble):
    target.serve(in_turn(trouble, says({"data": TAG})), "/api/tags/x")
    assert client(target).tags.get("x").name == "x"
    assert len(target.seen) == 2


@pytest.mark.parametrize("trouble", [resets(), refuses(503), answer(504)])
def test_a_creation_is_sent_again_with_the_same_key(client, target, trouble):
    target.serve(in_turn(trouble, says({"data": TAG}, 201)), "/api/tags")
    client(target).tags.create("x")
    keys = {seen.headers["idempotency-key"] for seen in target.seen}
    assert (len(target.seen), len(keys)) == (2, 1)


def test_a_creation_whose_first_sending_is_still_in_work_is_sent_again(client, target):
    in_work = says({"error": "… is still in work; try again soon", "code": "CONFLICT"}, 409)
    target.serve(in_turn(resets(), in_work, says({"data": TAG}, 201)), "/api/tags")
    assert client(target).tags.create("x").name == "x"


def test_each_call_of_a_bulk_act_is_sent_again_with_its_own_key(client, target):
    went = {"done": 1, "refused": 0, "skipped": 0, "created_before": "2030-01-01T00:00:00.000Z"}
    some, rest = ({"data": went | {"next_cursor": cursor}} for cursor in ("more", None))
    target.serve(in_turn(resets(), says(some), resets(), says(rest)), "/api/jobs/bulk/run")
    assert [step.done for step in client(target).jobs.do_all("run", {})] == [1, 1]
    keys = [seen.headers["idempotency-key"] for seen in target.seen]
    assert (keys[0], keys[2]) == (keys[1], keys[3])
    assert keys[0] != keys[2]


@pytest.mark.parametrize("call", ["cancel", "update"])
def test_what_may_not_be_repeated_is_sent_once(client, target, call):
    target.serve(resets(), "/api/jobs/x")
    target.serve(resets(), "/api/jobs/x/cancel")
    with pytest.raises(Unreachable):
        getattr(client(target).jobs, call)("x")
    assert len(target.seen) == 1


def test_a_deletion_that_was_done_and_not_answered_is_done(client, target):
    target.serve(in_turn(resets(), refuses(404)), "/api/tags/x")
    client(target).tags.delete("x")


def test_a_server_that_stays_busy_is_given_up(client, target):
    target.serve(refuses(503), "/api/tags/x")
    with pytest.raises(Unavailable):
        client(target).tags.get("x")
    assert len(target.seen) == 3


def test_a_long_pause_that_the_server_wants_is_left_to_the_caller(client, target):
    target.serve(refuses(429, ("Retry-After", "3600")), "/api/tags/x")
    with pytest.raises(RateLimited):
        client(target).tags.get("x")
    assert len(target.seen) == 1


def test_nobody_there_is_unreachable_and_says_why(monkeypatch):
    monkeypatch.setattr(module, "_backoff", lambda tried: 0.0)
    with (
        Client(f"http://127.0.0.1:{unused_port()}") as lonely,
        pytest.raises(Unreachable, match="Connection refused"),
    ):
        lonely.jobs.cancel("x")


def test_a_silent_server_is_unreachable(client, target):
    target.serve(hangs(30), "/api/tags/x")
    with pytest.raises(Unreachable, match="in time"):
        client(target, options=Options(read_seconds=0.2, retries=0)).tags.get("x")


@pytest.mark.parametrize(
    "stranger",
    [
        answer(200, b"<html>"),
        answer(404, b"not found"),
        answer(500, b""),
        redirect(301, "http://127.0.0.1:9/"),
        says([1]),
        says({"other": 1}),
        says({"data": {"id": "1"}}),
        says({"data": "x"}),
        sends(b"SSH-2.0-OpenSSH\r\n\r\n"),
    ],
)
def test_another_server_is_recognised(client, target, stranger):
    target.serve(stranger, "/api/tags/x")
    with pytest.raises(Unreadable):
        client(target).tags.get("x")


def test_a_gateway_without_a_server_is_unreachable(client, target):
    target.serve(answer(502, b"<html>bad gateway"), "/api/tags/x")
    with pytest.raises(Unreachable, match="502"):
        client(target).tags.get("x")


def test_the_key_is_sent_and_to_nobody_else(client, target):
    target.serve(redirect(302, "/elsewhere"), "/api/tags/x")
    with pytest.raises(Unreadable):
        client(target, "oneoff_secret").tags.get("x")
    assert [seen.target for seen in target.seen] == ["/api/tags/x"]
    assert target.seen[0].headers["authorization"] == "Bearer oneoff_secret"


def test_without_a_key_none_is_sent(client, target):
    target.serve(says({"data": TAG}), "/api/tags/x")
    client(target).tags.get("x")
    assert "authorization" not in target.seen[0].headers


def test_a_path_before_the_api_is_kept(target):
    target.serve(says({"data": TAG}), "/jobs/api/tags/x")
    with Client(target.url("/jobs/"), options=PATIENCE) as behind_a_proxy:
        assert behind_a_proxy.tags.get("x").name == "x"


def test_health_is_told_also_when_it_is_bad(client, target):
    target.serve(says({"status": "down", "version": "1"}, 503), "/health")
    assert client(target).health().status == "down"
    assert len(target.seen) == 1


def test_faults_are_told_as_they_came(client, target):
    details = [{"field": "name", "message": "must not be empty", "value": ""}, "odd"]
    body = {"error": "name: no", "code": "VALIDATION_ERROR", "details": details, "trace_id": None}
    target.serve(says(body, 400), "/api/tags")
    with pytest.raises(Invalid) as refused:
        client(target).tags.create("")
    assert [fault.field for fault in refused.value.faults] == ["name"]
    assert refused.value.trace_id == ""


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "ftp://x", "http://", "", "http://[::1", "http://me:secret@localhost"],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match=r".") as refused:
        Client(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["a b", "a\nb", "schlüssel"])
def test_a_key_that_is_none_is_refused_and_not_shown(key):
    with pytest.raises(ValueError, match="API key") as refused:
        Client("http://localhost", key)
    assert key not in str(refused.value)
