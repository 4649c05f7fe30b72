"""Retry policies and dead letters over HTTP."""

import pytest

from app.domain.retry import PRESETS
from tests.support.api import LATER, claim_one, get, make, refused, rows_of, settle, wish

OPEN = "/api/dead-letters"


@pytest.fixture
def buried(client, monkeypatch):
    """A job whose execution was buried, and that execution."""
    monkeypatch.setattr("app.services.executions.retries.fate", lambda *_, **__: "bury")
    job = make(client, scheduled_at="now", retry={"max_retries": 1})
    settle(claim_one(), "failed", error="exited with code 3", error_code="EXIT_CODE")
    monkeypatch.undo()
    return job, rows_of(client, job["id"])[0]


class TestPolicies:
    def test_a_policy_is_shown_with_all_that_it_stands_for(self, client):
        job = make(client, retry={"max_retries": 5})
        assert job["retry"] == {
            "max_retries": 5,
            "strategy": "exponential",
            "base_seconds": 10.0,
            "factor": 2.0,
            "cap_seconds": 300.0,
            "delays": [],
            "jitter": 1.0,
            "retry_on": ["error", "exit_code"],
        }
        assert get(client, f"/api/jobs/{job['id']}")["data"]["retry"] == job["retry"]

    @pytest.mark.parametrize("preset", PRESETS)
    def test_a_preset_keeps_its_name_and_what_is_shown_can_be_sent_back(self, client, preset):
        job = make(client, retry=preset)
        assert job["retry"]["preset"] == preset
        path = f"/api/jobs/{job['id']}"
        changed = client.patch(path, json={"retry": job["retry"]}).json["data"]
        assert changed["retry"] == job["retry"]

    @pytest.mark.parametrize("none", [None, {"max_retries": 0}])
    def test_none_is_null(self, client, none):
        assert make(client, retry=none)["retry"] is None
        path = f"/api/jobs/{make(client, retry='taskflow')['id']}"
        assert client.patch(path, json={"retry": none}).json["data"]["retry"] is None

    def test_a_clone_and_bulk_jobs_have_it_too(self, client):
        job = make(client, retry="enterprise")
        copy = client.post(f"/api/jobs/{job['id']}/clone", json={"scheduled_at": LATER}).json
        assert copy["data"]["retry"] == job["retry"]
        made = client.post("/api/jobs/bulk", json=[wish(retry="enterprise")]).json["data"]
        assert made[0]["data"]["retry"] == job["retry"]

    @pytest.mark.parametrize(
        ("retry", "fields"),
        [
            ({"max_retries": -1}, ["retry.max_retries"]),
            ({"max_retries": 10**6, "jitter": 2}, ["retry.max_retries", "retry.jitter"]),
            ({"base_seconds": 0}, ["retry.base_seconds"]),
            ({"cap_seconds": 10**9}, ["retry.cap_seconds"]),
            ({"retries": 3}, ["retry.retries"]),
            ({"strategy": "list"}, ["retry"]),
            ("sometimes", ["retry"]),
            (3, ["retry"]),
            ([], ["retry"]),
        ],
    )
    def test_what_is_wrong_is_named(self, client, retry, fields):
        refused(client.post("/api/jobs", json=wish(retry=retry)), 400, *fields)
        path = f"/api/jobs/{make(client)['id']}"
        refused(client.patch(path, json={"retry": retry}), 400, *fields)

    def test_a_waiting_retry_can_be_seen_and_cancelled(self, client):
        job = make(client, scheduled_at="now", retry={"max_retries": 1})
        settle(claim_one(), "failed", error="exited with code 3", error_code="EXIT_CODE")
        row = rows_of(client, job["id"])[0]
        assert (row["status"], row["attempt"], row["retries"]) == ("scheduled", 2, 1)
        shown = get(client, f"/api/jobs/{job['id']}")["data"]
        assert (shown["status"], shown["next_due_at"]) == ("scheduled", row["run_at"])
        client.post(f"/api/executions/{row['id']}/cancel")
        assert rows_of(client, job["id"])[0]["status"] == "cancelled"


class TestDeadLetters:
    def test_they_are_listed_grouped_and_counted(self, client, buried):
        _, row = buried
        page = get(client, OPEN)
        assert (page["data"], page["total"]) == ([row], 1)
        (group,) = get(client, f"{OPEN}/groups")["data"]
        assert (group["count"], group["execution_id"]) == (1, row["id"])
        assert get(client, OPEN, fingerprint=group["fingerprint"])["data"] == [row]
        assert get(client, OPEN, **{"from": "2100-01-01T00:00:00Z"})["data"] == []
        assert get(client, f"{OPEN}/groups", error_code="OTHER")["total"] == 0
        stats = {"dead": 1, "failed": 0, "timeout": 0}
        assert get(client, f"{OPEN}/stats")["data"] == stats

    def test_a_wrong_query_is_refused(self, client):
        refused(client.get(OPEN, query_string={"from": "soon"}), 400, "from")
        two = {"from": "2100-01-01T00:00:00Z", "to": "2000-01-01T00:00:00Z"}
        refused(client.get(OPEN, query_string=two), 400, "from")

    def test_one_is_replayed_once(self, client, buried):
        _, row = buried
        path = f"/api/executions/{row['id']}/replay"
        answer = client.post(path)
        assert answer.status_code == 201
        made = answer.json["data"]
        shown = get(client, f"/api/executions/{made['execution_id']}")["data"]
        assert (shown["origin"], shown["replay_of"]) == ("replay", row["id"])
        details = refused(client.post(path), 409)["details"]
        assert details == {"execution_id": made["execution_id"]}
        refused(client.post(path, json={"force": True}), 409)  # by its overlap policy
        refused(client.post(path, json={"how": 1}), 400, "how")

    def test_one_is_discarded(self, client, buried):
        job, row = buried
        answer = client.post(f"/api/executions/{row['id']}/discard")
        assert answer.json["data"]["discarded_at"]
        assert get(client, OPEN)["data"] == []
        assert rows_of(client, job["id"])[0]["status"] == "dead_letter"

    @pytest.mark.parametrize("what", ["replay", "discard"])
    def test_a_whole_filter_can_be_tried_first(self, client, buried, what):
        path = f"{OPEN}/{what}"
        tried = client.post(path, json={"dry_run": True, "error_code": "EXIT_CODE"}).json["data"]
        assert (tried["done"], tried["remaining"]) == (0, 1)
        other = client.post(path, json={"error_code": "OTHER"}).json["data"]
        assert (other["done"], other["remaining"]) == (0, 0)
        done = client.post(path, json={}).json["data"]
        assert (done["done"], done["remaining"]) == (1, 0)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"limit": 0}, "limit"),
            ({"limit": 1001}, "limit"),
            ({"job": "x"}, "job"),
            ({"dry_run": 1}, "dry_run"),
            ({"from": 7}, "from"),
            ({"to": "2030"}, "to"),
        ],
    )
    def test_a_wrong_wish_is_refused(self, client, body, field):
        for what in ("replay", "discard"):
            refused(client.post(f"{OPEN}/{what}", json=body), 400, field)
