"""What operators ask: health, readiness and metrics, at the addresses that their tools expect."""

import functools
import re
import time
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, request

from app import bootstrap, db
from app.api.gate import auth
from app.services import health, metrics
from app.settings import Settings

_routes = Blueprint("ops", __name__)
_METRICS = "metrics"
_JSON = "application/json"
_MONITOR = "oneoff_monitor"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: A part of a route that varies; ``job_id`` and its like are all ``id`` in metrics.
_PLACEHOLDER = re.compile(r"<(?:[^<>:]+:)?(?:\w+_(?=id>))?([^<>]+)>")


def install(app: Flask, settings: Settings) -> None:
    """Add the routes; unless metrics are off, count every request."""
    app.extensions[_MONITOR] = health.Monitor(settings, _schema_problem)
    app.register_blueprint(_routes)
    if settings.metrics_enabled:
        app.add_url_rule("/metrics", _METRICS, _metrics_text)
        app.before_request(_begin)
        app.after_request(_count)


@_routes.get("/health")
def show_health() -> tuple[Response, int]:
    """Say how the product is: ``OK`` as text, or all of it as JSON if asked for that."""
    report = _report()
    status = HTTPStatus.OK if health.is_up(report) else HTTPStatus.SERVICE_UNAVAILABLE
    if request.accept_mimetypes.best_match(["text/plain", _JSON]) == _JSON:
        settings = current_app.config["SETTINGS"]
        return jsonify(
            report if auth.sees_installation(settings) else health.for_strangers(report)
        ), status
    return Response("OK" if status == HTTPStatus.OK else "DOWN", mimetype="text/plain"), status


@_routes.get("/health/live")
def show_life() -> Response:
    """Say that this process answers; nothing outside of it is asked."""
    return jsonify({"status": "alive"})


@_routes.get("/health/ready")
def show_readiness() -> tuple[Response, int]:
    """Say whether work can be accepted and handed on."""
    found = health.readiness(_report())
    return jsonify(found), HTTPStatus.OK if found["ready"] else HTTPStatus.SERVICE_UNAVAILABLE


def _metrics_text() -> Response:
    return Response(metrics.exposition(), content_type=metrics.content_type())


def _report() -> dict[str, Any]:
    monitor: health.Monitor = current_app.extensions[_MONITOR]
    return monitor.report()


def _schema_problem() -> str:
    return bootstrap.schema_problem(db.engine())


def _begin() -> None:
    g.request_began = time.perf_counter()


def _count(response: Response) -> Response:
    if request.endpoint != _METRICS:
        took = time.perf_counter() - g.get("request_began", time.perf_counter())
        method = request.method if request.method in _METHODS else "other"
        metrics.observe_request(method, _path(), response.status_code, took)
    return response


def _path() -> str:
    return _template(request.url_rule.rule) if request.url_rule else "unmatched"


@functools.cache
def _template(rule: str) -> str:
    """Return a route as it stands in metrics: ``/api/jobs/:id/execute``."""
    return _PLACEHOLDER.sub(r":\1", rule)
