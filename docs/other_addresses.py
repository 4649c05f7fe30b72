"""The page of other addresses for our routes, from the table in the code."""

from collections.abc import Iterator
from typing import Any

from app.api import aliases
from app.factory import create_app
from app.settings import Settings
from docs.markdown import page, table


def aliases_page() -> str:
    """Return the page of other addresses."""
    ours = {
        rule.endpoint: rule.rule
        for rule in reversed(list(_routes()))
        if rule.rule not in {other for _, other, _ in aliases.TABLE}
    }
    rows = [
        (f"`{method} {_plain(other)}`", _OWN.get(route) or f"`{_plain(ours[route])}`")
        for method, other, route in aliases.TABLE
    ]
    return page(
        "Other addresses",
        "Programs written for other systems find these routes where they look for them. They "
        "answer as ours do. `PUT` on a job, a project, a tag, an API key or the system's config "
        "does what `PATCH` does: it changes what it names.",
        table(("Address", "Does what this does"), *rows),
    )


_SWITCH = "`PATCH /api/jobs/{job_id}` with `enabled`"
#: Routes that do not just lead to one of ours.
_OWN = {
    "aliases.enable_job": _SWITCH,
    "aliases.disable_job": _SWITCH,
    "aliases.stop_execution": "`/api/executions/{execution_id}/cancel`, also with `?force=true`",
}


def _routes() -> Iterator[Any]:
    return create_app(Settings()).url_map.iter_rules()


def _plain(rule: str) -> str:
    return rule.replace("<", "{").replace(">", "}")
