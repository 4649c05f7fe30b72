"""Whatever the API document allows, nobody brings the product to an error of its own."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from app.factory import create_app
from app.settings import Settings
from tests.security import people
from tests.support.api import wish

#: What is not there at present is no error of ours; nobody else ends requests with more than 499.
#: One may ask how to sign in, and sign out, without being signed in.
_OPEN = {"/api/auth/logout", "/api/auth/methods"}
_UNAVAILABLE = 503
_EXAMPLES = 2


def _refuse_nothing():
    """Return the settings: few examples, random ones, however long the machine takes."""
    return settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("who", ["admin", "user", "nobody"])
def test_no_request_ends_in_an_error_of_ours(real_broker, who):
    app = create_app(Settings(auth_enabled=True))
    client = app.test_client()
    job = people.key(client).post("/api/jobs", wish())["data"]["id"]
    key = "" if who == "nobody" else people.person(client, f"a-{who}", who).key
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.label.endswith("/system/pause"):
            continue
        asked += _ask(operation, {"X-API-Key": key} if key else {}, job, is_known=bool(key))
    assert asked > 80


def _ask(operation, headers, job, *, is_known):
    statuses = []

    @_refuse_nothing()
    def ask(case):
        if "job_id" in (case.path_parameters or {}):
            case.path_parameters["job_id"] = job
        case.headers = {**dict(case.headers or {}), **headers}
        answer = case.call()
        statuses.append(answer.status_code)
        label = (operation.label, answer.status_code, answer.text[:300])
        assert answer.status_code < 500 or answer.status_code == _UNAVAILABLE, label
        if not is_known and operation.path.startswith("/api/") and operation.path not in _OPEN:
            assert answer.status_code in {400, 401, 404, 405, 413, 415}, label

    given(case=operation.as_strategy())(ask)()
    return bool(statuses)
