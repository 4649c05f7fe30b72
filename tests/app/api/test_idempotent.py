"""A request with an Idempotency-Key that is sent twice makes its row once."""

import threading

import pytest

from app.api import idempotent

KEY = {"Idempotency-Key": "night-build 7"}
TAG = {"name": "mine"}


def make(client, body=TAG, **headers):
    return client.post("/api/tags", json=body, headers=headers or KEY)


def tags(client):
    return [tag["name"] for tag in client.get("/api/tags").json["data"]]


def test_the_answer_is_repeated_and_nothing_made_twice(client):
    first, second = make(client), make(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert tags(client).count("mine") == 1


def test_another_body_with_the_key_is_409(client):
    make(client)
    answer = make(client, {"name": "other"})
    assert (answer.status_code, answer.json["code"]) == (409, "CONFLICT")
    assert "other" not in tags(client)


def test_the_key_of_one_address_is_409_at_another(client):
    make(client)
    assert client.post("/api/projects", json=TAG, headers=KEY).status_code == 409


def test_a_refused_request_leaves_its_key_free(client):
    assert make(client, {"name": ""}).status_code == 400
    assert make(client).status_code == 201


def test_without_the_header_each_request_stands_for_itself(client):
    assert client.post("/api/tags", json=TAG).status_code == 201
    assert client.post("/api/tags", json=TAG).status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_a_key_that_is_none_is_400(client, key):
    answer = make(client, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (400, idempotent.NAME)


def test_a_job_that_is_sent_twice_is_one_job(client):
    job = {"name": "a", "type": "shell", "config": {"script": "true"}, "scheduled_at": "now"}
    first, second = (client.post("/api/jobs", json=job, headers=KEY) for _ in range(2))
    assert first.status_code == 201
    assert first.json["data"]["id"] == second.json["data"]["id"]
    assert client.get("/api/jobs").json["total"] == 1


def test_of_many_at_once_one_makes_it_and_the_others_repeat_or_wait(client, app):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(make(app.test_client()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
    others = {a.status_code for a in answers if a not in made}
    assert (len(made), others <= {201, 409}) == (1, True)
    assert tags(client).count("mine") == 1
