"""All routes there are, from the URL map, with values for what varies in them."""

from itertools import product
from typing import Any

#: Values for what names no object of anybody.
_PLAIN = {
    "kind": ["shell"],
    "version": ["1"],
    "worker_id": ["worker-1"],
    **{
        f"{name}_id": ["0" * 32] for name in ("key", "user", "role", "session", "email", "variable")
    },
}
#: What is no part of the API: pages, and the files of pages.
_PAGES = ("docs.", "web.", "pages.")
#: Answers without an end; tests/app/api/live/ hears who is told what on them.
STREAMS = {"events.stream_events"}


def calls(app, ids, methods=("GET",)):
    """Yield endpoint, method and path of all routes, for all combinations of these ids."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(_PAGES) or rule.websocket:
            continue  # what is no socket does not reach it; tests/app/api/live/ has those that are
        names = sorted(rule.arguments)
        for chosen in product(*((_PLAIN | ids)[name] for name in names)):
            values = dict(zip(names, chosen, strict=True))
            with app.test_request_context():
                _, path = next(iter([rule.build(values, append_unknown=False)]))
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                if method in methods:
                    yield rule.endpoint, method, path


def lists(app):
    """Yield the paths of all GET routes that name no object."""
    for rule in app.url_map.iter_rules():
        is_alias = rule.rule.startswith("/api/runs")
        is_list = "GET" in rule.methods and not rule.arguments and "/api/" in rule.rule
        if is_list and not is_alias and rule.endpoint not in STREAMS:
            yield rule.rule


#: Bodies for routes that need one.
BODIES: dict[str, Any] = {
    "lifecycle.reschedule_job": {"scheduled_at": "2100-01-01T00:00:00Z"},
    "jobs.clone_job": {"scheduled_at": "2100-01-01T00:00:00Z"},
    "jobs.update_job": {"name": "changed"},
    "chains.update_chain": {"name": "changed"},
    "projects.update_project": {"description": "changed"},
    "tags.update_tag": {"color": "#112233"},
    "webhooks.update_webhook": {"name": "changed"},
    "variables.update_variable": {"description": "changed"},
    "api_keys.update_api_key": {"name": "changed"},
    "queues.update_queue": {"limit": 1},
    "system.update_system_config": {"key": "default_priority", "value": "6"},
}
