"""Fields that nobody knows, and those that only the product writes, are refused in every body."""

from typing import Any

import marshmallow as ma
import pytest

from app.api.schemas.jobs import JobEdit
from app.domain.ids import new_id
from tests.security import routes
from tests.support.api import LATER, wish

#: What other products took and should not have.
FOREIGN = (
    *("id", "owner_id", "created_by", "created_at", "updated_at", "version", "role", "roles"),
    *("is_admin", "permissions", "state", "attempt", "uid", "gid", "user", "worker", "shell"),
    *("image", "secret_ref", "sees_all", "key_hash", "last_number", "source", "actor", "__class__"),
)
#: A body that is right as far as it goes, for routes that need something.
_WEBHOOK = {"name": "w", "url": "https://w.example/", "events": ["job.failed"]}
RIGHT: dict[str, Any] = routes.BODIES | {
    "jobs.create_job": wish(),
    "sync.register_job": wish(external_id="r"),
    "sync.sync_jobs": {"source": "s", "jobs": []},
    "chains.create_chain": {"name": "c", "job_ids": []},
    "projects.create_project": {"name": "p"},
    "tags.create_tag": {"name": "t"},
    "webhooks.create_webhook": _WEBHOOK,
    "api_keys.create_api_key": {"name": "k"},
    "queues.enqueue_work": {"payload": {"type": "shell", "script": "true"}},
    "schedules.preview_schedule": {"schedule": {"type": "manual"}},
    "dead_letters.replay_dead_letters": {"limit": 1},
    "bulk.edit_jobs": {"filter": {"ids": [new_id()]}, "enabled": True},
    **{
        f"bulk.{name}": {"filter": {"ids": [new_id()]}}
        for name in (
            *("run_jobs", "pause_jobs", "resume_jobs", "cancel_jobs", "delete_jobs"),
            *("cancel_executions", "replay_executions"),
        )
    },
    "dead_letters.discard_dead_letters": {"limit": 1},
}
#: These take no body, or one whose items are judged one by one.
_WITHOUT = {"jobs.create_jobs"}


def fields_of(document, path, method):
    """Return the fields that the API document tells of a body; ``None`` if there is no body."""
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if schema is None:
        return None
    schema = schema["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema.get("properties", {})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # bodies are judged before
def test_no_body_takes_a_field_that_is_not_told(client):
    document = client.get("/api/openapi.json").json
    ids = {name: [new_id()] for name in _names(client.application)} | {"name": ["default"]}
    ids["job_id"] = [client.post("/api/jobs", json=wish()).json["data"]["id"]]
    asked = 0
    for endpoint, method, path in routes.calls(client.application, ids, ("POST", "PUT", "PATCH")):
        rule = _rule(client.application, endpoint, path)
        told = fields_of(document, rule, method)
        if told is None or endpoint in _WITHOUT:
            continue
        foreign = set(FOREIGN) - told.keys()
        body = {**RIGHT.get(endpoint, {}), **dict.fromkeys(foreign, "x")}
        answer = client.open(path, method=method, json=body)
        assert answer.status_code == 400, (method, path, answer.text)
        fields = {fault["field"] for fault in answer.json["details"]}
        assert foreign <= fields, (method, path, foreign - fields)
        asked += 1
    assert asked > 30


def _names(app):
    return {name for rule in app.url_map.iter_rules() for name in rule.arguments}


def _rule(app, endpoint, path):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    rule = next(r for r in rules if r.rule.count("/") == path.count("/"))
    return rule.rule.replace("<", "{").replace(">", "}")


def test_items_of_a_list_are_judged_alike(client):
    foreign = sorted(FOREIGN)
    made = client.post("/api/jobs/bulk", json=[wish(**{name: "x"}) for name in foreign]).json
    assert [item["status"] for item in made["data"]] == [400] * len(foreign)
    items = [wish(external_id=name, **{name: "x"}) for name in foreign]
    done = client.post("/api/jobs/sync", json={"source": "s", "jobs": items}).json["data"]
    assert [item["outcome"] for item in done["items"]] == ["refused"] * len(foreign)


def test_what_only_the_product_writes_stays_as_it_was(client):
    job = client.post("/api/jobs", json=wish()).json["data"]
    for name in job.keys() - _editable():
        answer = client.patch(f"/api/jobs/{job['id']}", json={name: job[name] or "x"})
        assert answer.status_code == 400, name
    assert client.get(f"/api/jobs/{job['id']}").json["data"] == job
    assert client.patch(f"/api/jobs/{job['id']}", json={"scheduled_at": LATER}).status_code == 200


def _editable():

    schema: ma.Schema = JobEdit()
    return set(schema.load_fields)
