"""Making many jobs in one call."""

import pytest

from app.api.schemas.jobs import BulkJobs
from tests.support.api import get, refused, rows_of, wish


def bulk(client, *jobs):
    return client.post("/api/jobs/bulk", json={"jobs": list(jobs)})


def test_valid_items_are_made_and_the_others_say_why_not(client):
    answer = bulk(
        client,
        wish(name="first", scheduled_at="now"),
        wish(config={}, priority=11),
        wish(external_id="e"),
        wish(external_id="e"),
        "no job",
        wish(name="last"),
    )
    assert answer.status_code == 200
    results = answer.json["data"]
    assert [(r["index"], r["status"]) for r in results] == [
        (0, 201),
        (1, 400),
        (2, 201),
        (3, 409),
        (4, 400),
        (5, 201),
    ]
    assert [fault["field"] for fault in results[1]["error"]["details"]] == [
        "config.script",
        "priority",
    ]
    assert (answer.json["created"], answer.json["failed"]) == (3, 3)
    assert {job["name"] for job in get(client, "/api/jobs")["data"]} == {"first", "a job", "last"}
    assert rows_of(client, results[0]["data"]["id"])[0]["status"] == "queued"


def test_an_external_id_that_is_taken_spoils_its_item_only(client):
    bulk(client, wish(external_id="e"))
    results = bulk(client, wish(external_id="e"), wish()).json["data"]
    assert [r["status"] for r in results] == [409, 201]


def test_a_list_will_do_as_body(client):
    assert client.post("/api/jobs/bulk", json=[wish()]).json["created"] == 1


@pytest.mark.parametrize("body", [{}, {"jobs": []}, {"jobs": {}}, {"jobs": [], "x": 1}, []])
def test_a_body_without_jobs_is_refused(client, body):
    refused(client.post("/api/jobs/bulk", json=body), 400)


def test_ten_thousand_items_fit_and_one_more_does_not(client):
    answer = bulk(client, *[wish(name=f"job {n}") for n in range(10_000)])
    assert answer.json["created"] == 10_000
    assert get(client, "/api/jobs")["total"] == 10_000
    refused(bulk(client, *[wish()] * 10_001), 400, "jobs")
    assert get(client, "/api/jobs")["total"] == 10_000


def test_a_bulk_body_may_be_larger_than_others():
    assert BulkJobs.max_body_bytes == 64 * 1024**2
