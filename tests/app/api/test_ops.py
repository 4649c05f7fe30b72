"""Health and metrics, as tools ask for them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import db
from app.api import ops
from app.factory import create_app
from app.services import health, metrics
from app.settings import Settings

AS_JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _fresh_findings(app, monkeypatch):
    monkeypatch.setattr(metrics._ledger, "kept_seconds", -1)
    monitor = health.Monitor(app.config["SETTINGS"], ops._schema_problem)
    monkeypatch.setitem(app.extensions, ops._MONITOR, monitor)


@pytest.fixture
def no_database(client):
    """A client of an API whose database has gone."""
    url = db._url
    db.forget_engines()
    db.configure("sqlite:////nowhere/at/all.db")
    yield client
    db.forget_engines()
    db.configure(url)


def samples(client):
    text = client.get("/metrics").text
    return {
        (s.name, *sorted(s.labels.values())): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


class TestHealth:
    @pytest.mark.parametrize("accept", [None, "*/*", "text/plain", "text/html,*/*;q=0.8", "x/y"])
    def test_it_is_ok_in_plain_text(self, client, accept):
        answer = client.get("/health", headers={"Accept": accept} if accept else {})
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "OK", "text/plain")

    def test_the_details_are_json(self, client):
        answer = client.get("/health", headers=AS_JSON)
        assert answer.status_code == 200
        assert answer.json["status"] == "degraded"  # no worker runs here
        assert answer.json["database"]["status"] == answer.json["schema"]["status"] == "ok"
        assert answer.json["broker"]["status"] == "ok"

    def test_without_database_it_is_503(self, no_database):
        answer = no_database.get("/health", headers=AS_JSON)
        assert (answer.status_code, answer.json["status"]) == (503, "down")
        assert "nowhere" not in answer.text
        answer = no_database.get("/health")
        assert (answer.status_code, answer.text) == (503, "DOWN")

    def test_the_process_lives_whatever_is_away(self, no_database):
        answer = no_database.get("/health/live")
        assert (answer.status_code, answer.json) == (200, {"status": "alive"})

    def test_it_is_ready_with_database_schema_and_broker(self, client):
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        assert answer.json["ready"] is True
        assert answer.json["consuming"] is False

    def test_it_is_not_ready_without_database(self, no_database):
        answer = no_database.get("/health/ready")
        assert (answer.status_code, answer.json["ready"]) == (503, False)


class TestMetrics:
    def test_they_parse_and_are_plain_text(self, client):
        answer = client.get("/metrics")
        assert answer.content_type.startswith("text/plain; version=0.0.4")
        names = [family.name for family in text_string_to_metric_families(answer.text)]
        assert len(names) == len(set(names)) > 20

    def test_requests_are_counted_by_their_route_and_metrics_are_not(self, client):
        def count(*labels):
            return samples(client).get(("oneoff_http_requests_total", *sorted(labels)), 0)

        route = ("GET", "/api/job-types/:kind", "404")
        before, unmatched = count(*route), count("GET", "unmatched", "404")
        client.get("/api/job-types/a")
        client.get("/api/job-types/b")
        client.get("/nothing/here")
        assert count(*route) == before + 2
        assert count("GET", "unmatched", "404") == unmatched + 1
        assert not any("/metrics" in key for key in samples(client))

    def test_refused_requests_are_counted_too(self, client):
        key = ("oneoff_http_requests_total", *sorted(("PATCH", "/api/system/config", "403")))
        before = samples(client).get(key, 0)
        client.patch("/api/system/config", json={}, headers={"Origin": "https://evil.test"})
        assert samples(client)[key] == before + 1

    def test_an_invented_method_makes_no_label(self, client):
        client.open("/api/jobs", method="FROBNICATE")
        assert not any("FROBNICATE" in key for key in samples(client))

    def test_without_database_the_process_still_tells_of_itself(self, no_database):
        found = samples(no_database)
        assert found[("oneoff_database_up",)] == 0
        assert ("oneoff_claims_total",) not in found
        assert found[("oneoff_uptime_seconds",)] >= 0

    def test_switched_off_there_are_none(self, real_broker):
        client = create_app(Settings(metrics_enabled=False)).test_client()
        assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("/api/jobs/<job_id>/execute", "/api/jobs/:id/execute"),
        ("/x/<int:number>/<any('a','b'):name>", "/x/:number/:name"),
        ("/health", "/health"),
    ],
)
def test_a_route_is_shown_without_values(rule, shown):
    assert ops._template(rule) == shown
