"""Webhooks over HTTP."""

import base64

import pytest

from app import reactions
from app.domain import signing
from app.domain.webhooks import EVENTS
from app.gateways.http import Answer
from app.services.webhooks.deliveries import Outcome
from tests.support.api import get, make, refused, walk
from tests.support.http_target import HttpTarget, answer, redirect
from tests.support.webhooks import PATH, claim, delivery, listed, payload, record, subscribe, told


@pytest.fixture(autouse=True)
def _connected():
    reactions.connect()
    yield
    reactions.connect()


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


def test_a_webhook_is_made_and_its_secret_is_shown_once(client):
    made = subscribe(client, name=" ops ", secret="hush", events=["job.failed", " job.created "])
    assert made["secret"] == "hush"
    assert (made["name"], made["events"]) == ("ops", "job.created,job.failed")
    assert (made["is_active"], made["has_secret"], made["project_id"]) == (True, True, None)
    shown = get(client, f"{PATH}/{made['id']}")["data"]
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert "hush" not in client.get(PATH).text
    assert get(client, PATH)["limit"] == 100
    assert not subscribe(client)["has_secret"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"url": "example.com"}, ["url"]),
        ({"url": "file:///etc/passwd"}, ["url"]),
        ({"url": "http://u:p@example.com/"}, ["url"]),
        ({"url": "http://169.254.169.254/latest"}, ["url"]),
        ({"url": "http://example.com/\r\nX: y"}, ["url"]),
        ({"events": ""}, ["events"]),
        ({"events": "job.exploded"}, ["events"]),
        ({"events": ["test"]}, ["events"]),
        ({"events": 5}, ["events"]),
        ({"secret": "whsec_!!"}, ["secret"]),
        ({"secret": "x" * 257}, ["secret"]),
        ({"project_id": "nowhere"}, ["project_id"]),
        ({"is_active": 1}, ["is_active"]),
        ({"last_sequence": 5}, ["last_sequence"]),
        ({"url": "x", "secret": "whsec_!!"}, ["url", "secret"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, values, fields):
    body = {"name": "w", "url": "http://example.com/", "events": "job.failed"} | values
    refusal = refused(client.post(PATH, json=body), 400, *fields)
    assert "whsec_!!" not in str(refusal)
    assert get(client, PATH)["data"] == []


def test_missing_fields_are_listed_and_an_unknown_event_is_answered_with_the_known(client):
    refused(client.post(PATH, json={}), 400, "name", "url", "events")
    body = {"name": "w", "url": "http://example.com/", "events": "job.done"}
    error = refused(client.post(PATH, json=body), 400, "events")["error"]
    assert "invalid event type: job.done" in error
    assert all(name in error for name in EVENTS)
    assert get(client, "/api/webhook-events")["data"] == list(EVENTS)


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_webhook_can_be_changed(client, method):
    path = f"{PATH}/{subscribe(client, secret='hush')['id']}"
    change = getattr(client, method)
    body = {"name": "n", "url": "https://example.com/x", "events": "job.failed", "secret": None}
    changed = change(path, json=body).json["data"]
    assert (changed["name"], changed["events"], changed["has_secret"]) == ("n", "job.failed", False)
    assert change(path, json={"secret": "anew"}).json["data"]["has_secret"] is True
    refused(change(path, json={"url": "ftp://x"}), 400, "url")
    refused(change(path, json={"id": "x"}), 400, "id")


def test_what_is_not_there_is_404(client):
    made = subscribe(client)
    for method, path in [
        ("get", "/nope"),
        ("get", "/" + "0" * 32),
        ("patch", "/nope"),
        ("delete", "/nope"),
        ("post", "/nope/test"),
        ("post", "/nope/rotate-secret"),
        ("get", "/nope/deliveries"),
        ("post", f"/{made['id']}/deliveries/nope/replay"),
        ("post", "/nope/deliveries/replay-failed"),
    ]:
        body: dict[str, str] | None = {} if method == "patch" else None
        assert refused(getattr(client, method)(PATH + path, json=body), 404)["error"] in {
            "webhook not found",
            "delivery not found",
        }


def test_a_deleted_webhook_is_gone_with_its_deliveries(client):
    made = subscribe(client)
    make(client)
    assert told(client, made) == ["job.created"]
    assert client.delete(f"{PATH}/{made['id']}").status_code == 204
    refused(client.get(f"{PATH}/{made['id']}"), 404)
    make(client)
    assert get(client, PATH)["data"] == []


def test_webhooks_are_listed_newest_first_and_by_cursor(client):
    made = [subscribe(client, name=f"w{number}") for number in range(5)]
    rows, totals = walk(client, PATH, limit=2)
    newest_first = sorted(made, key=lambda one: (one["created_at"], one["id"]), reverse=True)
    assert [row["id"] for row in rows] == [one["id"] for one in newest_first]
    assert set(totals) == {5}


def test_a_test_is_sent_once_and_tells_how_it_went(client, target):
    secret = signing.new_secret()
    made = subscribe(client, target.serve(answer(200, b"thanks " + secret.encode())), secret=secret)
    found = client.post(f"{PATH}/{made['id']}/test").json["data"]
    assert (found["status"], found["delivery"]["status"]) == ("test sent", "success")
    assert (found["delivery"]["attempts"], found["delivery"]["response_code"]) == (1, 200)
    assert found["delivery"]["response_body"] == "thanks ***"
    (seen,) = target.seen
    assert (seen.headers["x-oneoff-event"], seen.headers["user-agent"]) == (
        "test",
        "OneOff-Webhook/1.0",
    )
    assert payload(found["delivery"])["data"] == {}
    headers = tuple(seen.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    moment = float(headers[1])
    assert signing.verify([secret], headers, seen.body, moment) == "valid"
    assert signing.verify_body(secret, seen.body, seen.headers["x-oneoff-signature"])


def test_a_test_that_fails_is_not_repeated_and_is_200_all_the_same(client, target):
    made = subscribe(client, target.serve(redirect(302, "/other")), is_active=False)
    answered = client.post(f"{PATH}/{made['id']}/test")
    assert answered.status_code == 200
    found = answered.json["data"]["delivery"]
    assert (found["status"], found["response_code"], found["attempts"]) == ("failed", 302, 1)
    assert "redirects are not followed" in found["error"]
    assert "webhook-signature" not in target.seen[0].headers
    assert len(target.seen) == 1


def test_the_old_secret_goes_on_signing_after_a_rotation(client, target):
    made = subscribe(client, target.serve(answer()), secret="the old one")
    fresh = client.post(f"{PATH}/{made['id']}/rotate-secret").json["data"]["secret"]
    assert len(base64.b64decode(fresh.removeprefix("whsec_"))) == 32
    assert fresh not in client.get(f"{PATH}/{made['id']}").text
    client.post(f"{PATH}/{made['id']}/test")
    (seen,) = target.seen
    headers = tuple(seen.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    for secret in (fresh, "the old one"):
        assert signing.verify([secret], headers, seen.body, float(headers[1])) == "valid"
    assert len(headers[2].split(" ")) == 2
    assert signing.verify_body(fresh, seen.body, seen.headers["x-oneoff-signature"])


def test_deliveries_are_filtered_and_paged(client):
    made = subscribe(client)
    for _ in range(3):
        make(client)
    record(claim(made["id"]), Outcome(Answer(200, b"")))
    assert [row["sequence"] for row in listed(client, made)] == [1, 2, 3]
    assert [row["status"] for row in listed(client, made)] == ["success", "pending", "pending"]
    assert len(listed(client, made, status="success")) == 1
    assert len(listed(client, made, status="pending", event="job.created")) == 2
    assert listed(client, made, event="job.failed") == []
    path = f"{PATH}/{made['id']}/deliveries"
    rows, totals = walk(client, path, limit=2)
    assert ([row["sequence"] for row in rows], set(totals)) == ([3, 2, 1], {3})
    assert get(client, path, limit=1, offset=1)["data"][0]["sequence"] == 2
    refused(client.get(path, query_string={"status": "lost"}), 400, "status")
    refused(client.get(path, query_string={"event": "x"}), 400, "event")


def test_what_failed_can_be_sent_again_under_its_old_id(client):
    made = subscribe(client)
    for _ in range(3):
        make(client)
    for _ in range(2):
        record(claim(made["id"]), Outcome(error="no answer"), max_retries=0)
    first = listed(client, made)[0]
    assert (first["status"], first["error"]) == ("failed", "no answer")
    path = f"{PATH}/{made['id']}/deliveries"
    again = client.post(f"{path}/{first['id']}/replay").json["data"]
    assert (again["id"], again["status"], again["attempts"]) == (first["id"], "pending", 0)
    assert "error" not in again
    refused(client.post(f"{path}/{first['id']}/replay"), 409)
    assert client.post(f"{path}/replay-failed").json["data"] == {"replayed": 1}
    assert {row["status"] for row in listed(client, made)} == {"pending"}
    client.patch(f"{PATH}/{made['id']}", json={"is_active": False})
    refused(client.post(f"{path}/replay-failed"), 409)
    refused(client.post(f"{path}/{first['id']}/replay"), 409)


def test_a_delivery_belongs_to_its_webhook(client):
    one, other = subscribe(client), subscribe(client)
    make(client)
    mine = listed(client, one)[0]
    refused(client.post(f"{PATH}/{other['id']}/deliveries/{mine['id']}/replay"), 404)
    assert delivery(mine["id"]).status == "pending"


def test_switching_off_fails_what_is_on_its_way_and_nothing_more_is_written(client):
    made = subscribe(client)
    make(client)
    changed = client.patch(f"{PATH}/{made['id']}", json={"is_active": False}).json["data"]
    assert changed["is_active"] is False
    (row,) = listed(client, made)
    assert (row["status"], row["error"]) == ("failed", "Webhook disabled")
    make(client)
    assert len(listed(client, made)) == 1
    client.patch(f"{PATH}/{made['id']}", json={"is_active": True})
    make(client)
    assert [row["sequence"] for row in listed(client, made)] == [1, 2]
