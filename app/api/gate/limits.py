"""How often one may ask: general use and starts of jobs per caller, strangers per address.

The headers are those of the IETF draft "RateLimit header fields for HTTP" (version 11).
"""

from typing import Final

from flask import Flask, Response, current_app, g, request

from app.api.gate.address import client_address
from app.services.access.allowances import WINDOW_SECONDS, Account, Allowances
from app.settings import Settings

#: Routes that start work by hand.
STARTS: Final = frozenset(
    {
        "bulk.replay_executions",
        "bulk.run_jobs",
        "chain_runs.resume_chain_run",
        "chains.execute_chain",
        "dead_letters.replay_dead_letters",
        "executions.replay_execution",
        "jobs.execute_job",
    }
)
#: Asked by monitors, often, and cheap; and the files of the page, dozens at its first sight.
FREE: Final = frozenset(
    {
        *("ops.show_health", "ops.show_life", "ops.show_readiness", "metrics"),
        *("web.show_asset", "web.show_file"),
    }
)
_EXTENSION: Final = "oneoff_limits"


def install(app: Flask, settings: Settings) -> None:
    """Have requests counted, if authentication is on: without it all callers are one."""
    if settings.auth_enabled:
        app.extensions[_EXTENSION] = Allowances(settings)
        app.after_request(_tell)


def count(caller: str | None) -> None:
    """Count a request of this caller, or of a stranger. Raises :class:`RateLimited`."""
    if request.endpoint in FREE:
        return
    allowances: Allowances = current_app.extensions[_EXTENSION]
    accounts: list[Account] = g.setdefault("accounts", [])
    if caller is None:
        allowances.count(allowances.strangers, client_address(), accounts)
        return
    allowances.count(allowances.general, caller, accounts)
    if request.endpoint in STARTS:
        allowances.count(allowances.starts, caller, accounts)


def _tell(response: Response) -> Response:
    accounts: list[Account] = g.get("accounts", [])
    if accounts:
        response.headers["RateLimit-Policy"] = ", ".join(map(_policy, accounts))
        response.headers["RateLimit"] = ", ".join(map(_state, accounts))
    return response


def _policy(account: Account) -> str:
    return f'"{account.budget.name}";q={account.budget.per_minute};w={WINDOW_SECONDS}'


def _state(account: Account) -> str:
    return f'"{account.budget.name}";r={account.remaining};t={account.reset_seconds}'
