"""System, workers and job types over HTTP."""

from typing import Any

import pytest

from app.domain.specs import SPECS
from app.factory import create_app
from app.settings import Settings
from tests.support.api import get


def test_the_status_holds_the_figures(client):
    data = client.get("/api/system/status").json["data"]
    assert data["total_scheduled"] == data["queue_depth"] == data["total_jobs"] == 0
    assert data["avg_duration_ms"] == 0.0
    assert data["is_running"] is False


def test_the_workers_status_holds_the_figures(client):
    data = client.get("/api/workers/status").json["data"]
    assert data["total_workers"] == data["active_workers"] == data["available_workers"] == 0
    assert data["running_jobs"] == []


def test_other_tools_are_linked_where_the_operator_names_them(client):
    assert client.get("/api/system/links").json["data"] == {"trace_url": None, "flower_url": None}
    urls: dict[str, Any] = {
        "trace_url": "https://jaeger/trace/{trace_id}",
        "flower_url": "https://flower/f",
    }
    named = create_app(Settings(**urls)).test_client()
    assert get(named, "/api/system/links")["data"] == urls


def test_the_config_is_listed_by_key_and_changed(client):
    edit = {"key": "default_priority", "value": "7"}
    answer = client.patch("/api/system/config", json=edit)
    assert answer.json == {"data": {"message": "Config updated"}}
    rows = client.get("/api/system/config").json["data"]
    assert [row["key"] for row in rows] == [
        "default_priority",
        "default_timezone",
        "log_retention_days",
        "metrics_retention_days",
        "workers_count",
    ]
    assert rows[0]["value"] == "7"
    assert rows[0]["updated_at"].endswith("Z")


@pytest.mark.parametrize(
    "edit",
    [
        {"key": "default_priority", "value": 7},
        {"key": "default_priority", "value": "11"},
        {"key": "default_priority"},
        {"value": "7"},
        {"key": "database_url", "value": '"x"'},
        {"key": "default_priority", "value": "7", "more": 1},
        {"key": "default_priority", "value": "1" * 2000},
        [],
    ],
)
def test_an_edit_that_is_not_right_is_400(client, edit):
    answer = client.patch("/api/system/config", json=edit)
    assert (answer.status_code, answer.json["code"]) == (400, "VALIDATION_ERROR")


def test_a_value_that_the_start_gives_is_409_and_names_the_variable(real_broker):
    settings = Settings(workers_count=3, given=frozenset({"workers_count"}))
    client = create_app(settings).test_client()
    answer = client.patch("/api/system/config", json={"key": "workers_count", "value": "4"})
    assert answer.status_code == 409
    assert "WORKERS_COUNT" in answer.text
    assert "CONFLICT" in answer.text


class TestJobTypes:
    def test_their_names_are_an_array_of_texts(self, client):
        assert client.get("/api/job-types").json["data"] == sorted(SPECS)

    def test_one_has_a_title_and_the_schema_of_its_config(self, client):
        data = client.get("/api/job-types/shell").json["data"]
        assert (data["type"], data["schema"]["type"]) == ("shell", "object")
        assert data["title"]
        assert data["description"]
        assert "script" in data["schema"]["properties"]

    def test_all_come_with_their_schemas(self, client):
        data = client.get("/api/job-types/schemas").json["data"]
        assert [one["type"] for one in data] == sorted(SPECS)

    def test_an_unknown_one_is_404(self, client):
        answer = client.get("/api/job-types/cobol")
        assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")
