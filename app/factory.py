"""The HTTP application, put together from its parts."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from app import web
from app.api import (
    aliases,
    answers,
    api_keys,
    dead_letters,
    docs,
    executions,
    job_types,
    jobs,
    lifecycle,
    ops,
    pauses,
    projects,
    queues,
    revisions,
    schedules,
    sync,
    system,
    tags,
    trace,
    variables,
    webhooks,
    why,
)
from app.api.blueprint import MAX_BODY_BYTES
from app.api.chaining import chain_runs, chains
from app.api.dashboard import overview, search, timeline, usage
from app.api.errors import Api
from app.api.gate import auth, browsers, limits, recording
from app.api.live import document, events, log_stream, log_tickets, room
from app.api.many import bulk, facets
from app.api.oversight import audit, purges
from app.api.people import me, members, oidc, pages, roles, setup, sign_in, users
from app.api.settings import emails, smtp, timezones
from app.services.people import identity_provider, sessions
from app.settings import Settings
from app.version import VERSION

RESOURCES = (
    *(bulk, facets),
    *(
        jobs,
        revisions,
        lifecycle,
        sync,
        why,
        executions,
        dead_letters,
        projects,
        tags,
        job_types,
        system,
    ),
    *(api_keys, queues, pauses, schedules, webhooks, chains, chain_runs),
    *(overview, search, timeline, usage, variables),
    *(audit, purges),
    *(smtp, timezones, emails),
    log_tickets,
    *(users, roles, members, setup),
    *(sign_in, me, oidc),
)


class _Application(Flask):
    """Flask whose views and hooks are plain functions: it asks about each of them, each time."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


def create_app(settings: Settings) -> Flask:
    """Return the application; database and broker are configured by the process."""
    app = _Application("oneoff", static_folder=None)
    app.config.update(_config(settings))
    app.url_map.strict_slashes = False
    answers.install(app)
    trace.install(app)
    ops.install(app, settings)
    browsers.guard(app, settings)
    limits.install(app, settings)
    auth.guard(app, settings)
    recording.install(app)
    room.install(app, settings)
    events.install(app)
    log_stream.install(app)
    docs.install(app, settings)
    pages.install(app)
    web.install(app)
    sessions.configure(settings)
    identity_provider.configure(settings)
    api = Api(app)
    for resource in RESOURCES:
        api.register_blueprint(resource.blp)
    document.describe(api.spec, app.url_map)
    aliases.install(app)
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SETTINGS": settings,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "API_TITLE": "OneOff API",
        "API_VERSION": VERSION,
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api",
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {"description": "Jobs that run at their time: make, run and follow them."},
            "servers": [{"url": "/"}],
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                }
            },
            "security": [{"bearer": []}, {"apiKey": []}] if settings.auth_enabled else [],
        },
    }
