"""Addresses under which people of other systems know our routes: one table, no logic of its own."""

from typing import Any, Final

from flask import Flask, Response, current_app

from app.api import answers
from app.api.executions import blp, cancelled
from app.api.schemas.executions import StopQuery
from app.api.schemas.jobs import Cancel
from app.db import transaction
from app.services.jobs import edits
from app.services.jobs.drafts import Draft

#: Method, other address, and the route that answers there.
TABLE: Final = (
    ("GET", "/api/runs", "executions.list_executions"),
    ("GET", "/api/runs/<execution_id>", "executions.get_execution"),
    ("GET", "/api/runs/<execution_id>/logs", "executions.list_lines"),
    ("POST", "/api/runs/<execution_id>/logs/ticket", "log_tickets.create_log_ticket"),
    ("GET", "/api/runs/<execution_id>/metrics", "usage.get_execution_metrics"),
    ("POST", "/api/runs/<execution_id>/cancel", "executions.cancel_execution"),
    ("POST", "/api/executions/<execution_id>/stop", "aliases.stop_execution"),
    ("POST", "/api/jobs/<job_id>/run", "jobs.execute_job"),
    ("POST", "/api/jobs/<job_id>/trigger", "jobs.execute_job"),
    ("GET", "/api/system/audit-logs", "audit.list_audit_log"),
    ("POST", "/api/jobs/<job_id>/enable", "aliases.enable_job"),
    ("PUT", "/api/jobs/<job_id>/enable", "aliases.enable_job"),
    ("POST", "/api/jobs/<job_id>/disable", "aliases.disable_job"),
    ("PUT", "/api/jobs/<job_id>/disable", "aliases.disable_job"),
)


def install(app: Flask) -> None:
    """Add the other addresses; the routes they lead to must be there already."""
    views = app.view_functions | {
        "aliases.enable_job": enable_job,
        "aliases.disable_job": disable_job,
        "aliases.stop_execution": stop_execution,
    }
    for method, rule, endpoint in TABLE:
        app.add_url_rule(rule, endpoint, views[endpoint], methods=[method])


def enable_job(job_id: str) -> Response:
    """Switch a job on: the same as changing it with ``{"enabled": true}``."""
    return _switch(job_id, on=True)


def disable_job(job_id: str) -> Response:
    """Switch a job off: the same as changing it with ``{"enabled": false}``."""
    return _switch(job_id, on=False)


@blp.arguments(StopQuery, location="query")
@blp.arguments(Cancel, required=False)
def stop_execution(query: dict[str, Any], given: dict[str, Any], execution_id: str) -> Response:
    """Cancel an execution; ``?force=true`` means the same as ``force`` in the body."""
    return cancelled(execution_id, force=query.get("force") or given.get("force", False))


def _switch(job_id: str, *, on: bool) -> Response:
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        draft = Draft({"enabled": on})
        changed = edits.update(session, job_id, draft, answers.actor(), settings)
    return answers.job(changed)
