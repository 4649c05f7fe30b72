"""The table of docs/reference/access.md against the running product: no cell differs."""

import re

import pytest

from app.api.gate import permits
from app.domain.ids import new_id
from app.factory import create_app
from app.settings import Settings
from docs import access_page
from tests.security import people, routes

_NAMES = ("job_id", "execution_id", "project_id", "tag_id", "chain_id", "chain_run_id")
_OTHERS = ("webhook_id", "delivery_id", "user_id", "role_id", "session_id", "variable_id")
_UNKNOWN = {name: [new_id()] for name in (*_NAMES, *_OTHERS, "email_id")}
_UNKNOWN |= {"name": ["nowhere"]}
_ALL = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: These would end the answers of all others, or those of who asks.
_ENDS = {"pauses.pause_system", "me.sign_out_everywhere", "sign_in.log_out"}


@pytest.fixture
def callers(guarded):
    """Somebody for each column of the table."""
    nothing = people.new_role("nothing", set(), sees_all=True)
    found = {
        "nobody": people.Caller("nobody", "", guarded),
        "no role": people.person(guarded, "nora", nothing),
    }
    for name in ("viewer", "operator", "user", "admin"):
        found[name] = people.person(guarded, f"a-{name}", name)
    for scope in ("read", "write", "admin"):
        found[f"key: {scope}"] = people.key(guarded, scope)
    found["key: admin, one project"] = people.key(guarded, project_id="default")
    return found


def asked(caller, method, path):
    headers = {} if caller.key else {"X-API-Key": None}
    if not caller.key:
        return caller.client.open(path, method=method, json=None if method == "GET" else {})
    return caller.open(method, path, json=None if method == "GET" else {}, headers=headers)


def expected(cell, caller):
    if cell in {access_page.YES, access_page.OWNED}:
        return "open"
    return 401 if caller == "nobody" else 403


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # the gate asks no other
def test_no_cell_of_the_table_differs(callers):
    app = callers["admin"].client.application
    assert callers.keys() == access_page.CALLERS.keys()
    wrong = []
    for endpoint, method, path in routes.calls(app, _UNKNOWN, _ALL):
        for name, caller in callers.items():
            is_open = access_page.cell(endpoint, access_page.CALLERS[name]) == access_page.YES
            if endpoint in _ENDS | routes.STREAMS and is_open:
                continue
            answer = asked(caller, method, path)
            answer.close()
            cell = access_page.cell(endpoint, access_page.CALLERS[name])
            seen = answer.status_code if answer.status_code in {401, 403} else "open"
            if seen != expected(cell, name):
                wrong.append((name, method, path, cell, answer.status_code))
            if seen == 403 and permits.needed(endpoint) != (permits.KNOWN,):
                assert answer.json["details"]["needs"] == list(permits.needed(endpoint))
    assert wrong == []


def test_the_document_and_the_url_map_know_the_same_routes(guarded):
    document = guarded.get("/api/openapi.json").json
    told = {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path))
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters" and not is_alias(path)
    }
    there = {
        (method, re.sub(r"<[^>]*>", "{}", path))
        for endpoint, method, path in access_page.routes()
        if endpoint not in permits.OPEN and not is_alias(path)
    }
    assert told - _OPEN == there


#: Answered before anybody has said who he is.
_OPEN = {
    ("GET", "/api/auth/methods"),
    ("GET", "/api/auth/oidc/callback"),
    ("GET", "/api/auth/oidc/start"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/logout"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/setup/admin"),
    ("GET", "/setup/status"),
}


def is_alias(path):
    if path.startswith("/api/executions/") and path.endswith("/stop"):
        return True
    endings = ("/run", "/trigger", "/enable", "/disable", "/audit-logs")
    return path.startswith("/api/runs") or path.endswith(endings)


def test_a_route_that_nobody_thought_of_is_closed_to_all(real_broker):
    app = create_app(Settings(auth_enabled=True))
    app.add_url_rule("/api/forgotten", "forgotten", lambda: "secret")
    admin = people.key(app.test_client())
    answer = admin.open("GET", "/api/forgotten")
    assert (answer.status_code, answer.json["details"]) == (403, {"needs": []})
    assert app.test_client().get("/api/forgotten").status_code == 401
