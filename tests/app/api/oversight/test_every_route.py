"""Every changing route of the URL map leaves exactly one row, whatever comes of the request."""

import pytest
import sqlalchemy as sa

from app.api.gate.recording import READINGS, TOLD
from app.db import reading, transaction
from app.domain.ids import new_id
from app.models import AuditEntry
from tests.support.api import LATER, wish
from tests.support.rows import make_execution, make_job

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
#: Bodies with which a route does something; the others refuse an empty one.
BODIES = {
    "api_keys.create_api_key": {"name": "k"},
    "api_keys.update_api_key": {"name": "k2"},
    "chains.create_chain": ...,
    "chains.update_chain": {"description": "new"},
    "executions.replay_execution": {"force": True},
    "jobs.create_job": wish(),
    "jobs.create_jobs": {"jobs": [wish(), wish(name="b")]},
    "jobs.clone_job": {"scheduled_at": LATER},
    "jobs.update_job": {"name": "other"},
    "lifecycle.pause_job": {"reason": "because"},
    "pauses.pause_system": {"reason": "because"},
    "projects.create_project": {"name": "p"},
    "projects.update_project": {"name": "p2"},
    "queues.enqueue_work": wish(scheduled_at=...),
    "queues.pause_queue": {"reason": "because"},
    "queues.update_queue": {"limit": 3},
    "sync.register_job": wish(external_id="e"),
    "system.update_system_config": {"key": "log_retention_days", "value": "40"},
    "tags.create_tag": {"name": "t"},
    "tags.update_tag": {"name": "t2"},
    "webhooks.create_webhook": {
        "name": "w",
        "url": "https://example.com/in",
        "events": "job.completed",
    },
    "webhooks.update_webhook": {"name": "w2"},
}
#: Routes that must succeed in this walk; so the row of a change is looked at, not of a refusal.
MUST_SUCCEED = {*BODIES} - {"queues.enqueue_work", "executions.replay_execution"} | {
    *("jobs.delete_job", "jobs.execute_job", "jobs.clone_job", "jobs.cancel_job"),
    *("api_keys.delete_api_key", "api_keys.revoke_api_key", "api_keys.rotate_api_key"),
    *("purges.purge_execution", "purges.purge_output", "tags.delete_tag"),
    *("projects.delete_project", "pauses.resume_system", "queues.resume_queue"),
    *("webhooks.delete_webhook", "webhooks.rotate_webhook_secret", "chains.delete_chain"),
    *("aliases.enable_job", "aliases.disable_job"),
}


def rows():
    with reading() as session:
        return [*session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


def changing_rules(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods & CHANGING):
            if rule.endpoint not in READINGS | TOLD:
                yield rule, method


class Things:
    """Fresh objects for one request; what it does to them disturbs no other."""

    def __init__(self, client):
        self.client = client
        with transaction() as session:
            self.job_id = make_job(session).id
            job = make_job(session)
            self.execution_id = make_execution(session, job, "failed", error="bad")

    def values(self, names):
        return {name: getattr(self, name, None) or self._made(name) for name in names}

    def _made(self, name):
        if name == "name":
            return "default"
        bodies = {
            "key_id": ("/api/api-keys", {"name": "k"}),
            "tag_id": ("/api/tags", {"name": new_id()}),
            "project_id": ("/api/projects", {"name": new_id()}),
            "webhook_id": ("/api/webhooks", BODIES["webhooks.create_webhook"]),
            "chain_id": ("/api/chains", self.chain()),
        }
        if name not in bodies:
            return new_id()
        path, body = bodies[name]
        answer = self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json["data"]["id"]

    def chain(self):
        return {"name": "c", "job_ids": [self.job_id]}


def ask(client, rule, method, things):
    values = things.values(rule.arguments)
    body = BODIES.get(rule.endpoint, {})
    with client.application.test_request_context():
        _, path = rule.build(values, append_unknown=False)
    before = len(rows())
    given = things.chain() if body is ... else body
    answer = client.open(path, method=method, json=None if method == "DELETE" else given)
    return answer, rows()[before:], values


def test_every_changing_route_leaves_one_row(client):
    succeeded = set()
    for rule, method in changing_rules(client.application):
        client.application.extensions["audit_fold"].rest()  # PUT and PATCH are refused alike
        answer, left, values = ask(client, rule, method, Things(client))
        where = f"{method} {rule} ({answer.status_code}): {[one.action for one in left]}"
        assert [one.action for one in left] == [rule.endpoint], where
        (row,) = left
        assert row.trace_id == answer.headers["X-Trace-Id"]
        assert (row.actor, row.address) == ("anonymous", "127.0.0.1")
        if answer.status_code < 400:
            succeeded.add(rule.endpoint)
            assert row.result == "done", where
        else:
            assert row.result == "failed", where
            assert f'"status":{answer.status_code}' in row.detail
        if values:
            assert row.target_id in values.values(), where
    assert succeeded >= MUST_SUCCEED


@pytest.mark.usefixtures("client")
def test_the_walk_would_notice_a_route_that_leaves_none(client, monkeypatch):
    monkeypatch.setattr("app.api.gate.recording._is_deed", lambda: False)
    with pytest.raises(AssertionError, match=r"\[\]"):
        test_every_changing_route_leaves_one_row(client)
