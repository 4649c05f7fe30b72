"""Figures of jobs over the API."""

import pytest

from tests.support.api import claim_one, get, make, refused, settle


def test_the_figures_of_a_job(client):
    job = make(client, scheduled_at="now")
    settle(claim_one(), duration_ms=30)
    found = get(client, f"/api/jobs/{job['id']}/stats")["data"]
    moments = {name: found.pop(name) for name in [*found] if name.endswith("_at")}
    assert found.pop("since").endswith("Z")
    assert found.pop("p95_lateness_ms") >= 0
    assert found == {
        "total": 1,
        "completed": 1,
        "failed": 0,
        "cancelled": 0,
        "skipped": 0,
        "missed": 0,
        "success_rate": 1.0,
        "consecutive_failures": 0,
        "average_duration_ms": 30,
        "usual_duration_ms": 30,
        "p50_duration_ms": 30,
        "p95_duration_ms": 30,
    }
    assert moments.keys() == {"last_execution_at", "last_success_at", "last_failure_at"}
    assert moments["last_failure_at"] is None
    assert moments["last_success_at"] >= moments["last_execution_at"]


def test_retries_do_not_count_until_the_last(client):
    retry = {"max_retries": 1, "base_seconds": 1, "jitter": 0}
    job = make(client, scheduled_at="now", retry=retry)
    settle(claim_one(), "failed", error="no", error_code="EXIT_CODE")
    found = get(client, f"/api/jobs/{job['id']}/stats")["data"]
    assert (found["total"], found["success_rate"], found["consecutive_failures"]) == (0, None, 0)
    for shown in (
        get(client, "/api/jobs")["data"][0],
        get(client, f"/api/jobs/{job['id']}")["data"],
    ):
        assert (shown["success_rate"], shown["consecutive_failures"]) == (None, 0)


def test_a_job_that_was_just_made_says_what_it_says_later(client):
    job = make(client)
    later = get(client, f"/api/jobs/{job['id']}")["data"]
    for name in ("success_rate", "consecutive_failures"):
        assert job[name] == later[name]


@pytest.mark.parametrize("days", ["0", "401", "-1", "many", "1.5"])
def test_days_that_are_none_are_refused(client, days):
    job = make(client)
    refused(client.get(f"/api/jobs/{job['id']}/stats", query_string={"days": days}), 400, "days")


@pytest.mark.parametrize("days", ["1", "400"])
def test_days_may_be_so_few_or_many(client, days):
    job = make(client)
    assert get(client, f"/api/jobs/{job['id']}/stats", days=days)["data"]["total"] == 0


@pytest.mark.parametrize("word", ["0" * 32, "nothing"])
def test_an_unknown_job_has_none(client, word):
    refused(client.get(f"/api/jobs/{word}/stats"), 404)
