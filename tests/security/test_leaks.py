"""Nothing of what is hidden is told: not by itself, not in a list, not in a number."""

import re

import pytest
import sqlalchemy as sa

from app import db
from app.domain.ids import new_id
from app.models import Base
from tests.security import people, routes, world
from tests.security.world import MARK

pytestmark = pytest.mark.timeout(240)  # it asks much
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
#: The figures of the process and the installation, open to all as Prometheus wants them.
_OPEN = {"metrics"}
#: What these name belongs to nobody: whether one may change it does not depend on which it is.
_NOBODYS = {"api_keys", "emails", "me", "members", "pauses", "queues", "roles", "users"}
#: Tables in which it is noted that somebody asked.
_NOTES = {"api_keys", "audit_log", "idempotency_keys"}


def queries(path, hidden, small):
    """Yield queries for a list: filters by what is hidden, searches, orders, pages."""
    if path == "/api/search":
        yield from ({"q": text} for text in (MARK, MARK.lower()[:3], "j", "#1", f"{MARK} #1"))
        return
    yield from ({}, {"limit": 1}, {"limit": 1, "offset": 1, "include": "all"})
    yield from ({"include": "all", "sort_order": "asc"}, {"include_archived": "true"})
    for name in ("project_id", "tag_id", "job_id")[: 3 if "s/" not in path[5:] else 1]:
        for one in (hidden[name][0], getattr(small, name, small.project)):
            yield {name: one, "include": "all"}
    if path == "/api/jobs":
        yield from ({"search": text} for text in (MARK, "j", "job"))
        yield from ({"sort_by": "priority"}, {"type": "shell"}, {"created_by": "me"})
        yield from ({"created_by": "user:ann"}, {"time_from": "2000-01-01T00:00:00Z"})
    if path in {"/api/jobs", "/api/executions"}:
        yield from ({"status": status} for status in ("failed", "queued", "completed"))
        yield from ({"sort_by": "duration_ms"}, {"origin": "manual", "include": "all"})


def told(caller, hidden, small):
    """Return what a caller is told by all lists and figures."""
    found = {}
    for path in routes.lists(small.root.client.application):
        for query in queries(path, hidden, small):
            answer = caller.open("GET", path, query_string=query)
            is_off = path.startswith("/api/auth/oidc/")  # there is no provider
            assert is_off or answer.status_code in {200, 400, 403}, (path, query, answer.text)
            words = {n: "hidden" if v in hidden.get(n, ()) else v for n, v in query.items()}
            found[path, str(words)] = steady(answer.text)
            if not query and '"total":' not in answer.text:
                break
    return found


def steady(text):
    """Leave out what differs from one answer to the next."""
    text = re.sub(
        r'"(trace_id|expected_start_at|next_cursor|at|planned_until)":("[^"]*"|null)', "", text
    )
    text = re.sub(r'"(uptime_ms)":\d+', "", text)
    text = re.sub(r'"queue_position":(\d+|null)', "", text)
    return re.sub(r'"oldest_(wait_)?seconds":[\d.]+', "", text)


def test_lists_and_figures_do_not_change_when_something_hidden_comes(small):
    ids = {name: [new_id()] for name in ("project_id", "tag_id", "job_id")}
    before = [told(caller, ids, small) for caller in small.callers]
    ann = people.person(small.root.client, "ann", "admin")
    hidden = world.build(ann)
    for caller, known in zip(small.callers, before, strict=True):
        present = told(caller, hidden, small)
        assert MARK not in str([*present.values()]), caller.name
        assert present == known, caller.name
    assert MARK in str([*told(ann, hidden, small).values()])


def test_what_is_hidden_is_as_if_unknown(full):
    unknown = {name: [new_id()] for name in full.hidden} | {"name": ["nowhere"]}
    app = full.root.client.application
    for caller in full.callers:
        asked = [one for one in routes.calls(app, full.hidden) if one[0] not in routes.STREAMS]
        answers = {(endpoint, path): caller.open("GET", path) for endpoint, _, path in asked}
        missing = {
            endpoint: caller.open("GET", path) for endpoint, _, path in routes.calls(app, unknown)
        }
        for (endpoint, path), answer in answers.items():
            if endpoint not in _OPEN:
                assert MARK not in answer.text, (caller.name, path)
            if "<" in rule_of(app, endpoint) and endpoint != "job-types.get_job_type":
                assert answer.status_code == missing[endpoint].status_code, (caller.name, path)
                assert answer.status_code in {403, 404}, (caller.name, path)
                assert steady(answer.text) == steady(missing[endpoint].text)
    for endpoint, _, path in asked:
        # Some want to know from when to when, or what is looked for.
        if set(names_in(app, endpoint)) <= {*full.hidden, "kind", "version", "worker_id"}:
            fine = {200, 400} if path.startswith(("/api/stats/", "/api/search")) else {200}
            assert path.startswith("/api/auth/") or full.ann.open("GET", path).status_code in fine


def names_in(app, endpoint):
    return next(rule.arguments for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)


def rule_of(app, endpoint):
    return next(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)


def test_nothing_hidden_can_be_changed(full):
    app = full.root.client.application
    before = dump()
    for caller in full.callers:
        for endpoint, method, path in routes.calls(app, full.hidden, CHANGES):
            if "<" not in rule_of(app, endpoint):
                continue
            body = routes.BODIES.get(endpoint, {})
            answer = caller.open(method, path, json=body)
            assert answer.status_code in {403, 404}, (caller.name, method, path, answer.text)
            assert MARK not in answer.text
            if answer.status_code == 403:
                assert endpoint.split(".")[0] in _NOBODYS, path
    assert dump() == before


def dump():
    """Return all rows there are."""
    with db.engine().connect() as connection:
        return {
            name: sorted(map(str, connection.execute(sa.select(table)).all()))
            for name, table in Base.metadata.tables.items()
            if name not in _NOTES
        }
