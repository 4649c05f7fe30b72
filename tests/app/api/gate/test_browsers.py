"""Pages of strangers can neither change anything nor read it."""

import pytest

from app.factory import create_app
from app.settings import Settings

PAGE = "https://page.example"
CHANGE = ("PATCH", "/api/system/config")
EDIT = {"key": "default_priority", "value": "6"}


@pytest.fixture
def open_client(real_broker):
    """A client of an API that one foreign page may call."""
    return create_app(Settings(allowed_origins=(PAGE,))).test_client()


def change(client, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(CHANGE[1], method=CHANGE[0], json=EDIT, headers=names)


class TestHost:
    @pytest.mark.parametrize(
        "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:9", "[::1]", "[::1]:8080"]
    )
    def test_our_names_are_served(self, client, host):
        assert client.get("/api/job-types", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        [
            "evil.test",
            "localhost.evil.test",
            "127.0.0.1.evil.test:8080",
            "evil.test:localhost",
            "localhost@evil.test",
            "0.0.0.0",
            "[::1",
            "",
        ],
    )
    @pytest.mark.parametrize("path", ["/api/job-types", "/health", "/docs"])
    def test_other_names_are_refused(self, client, host, path):
        answer = client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json["code"]) == (403, "UNAUTHORIZED")


class TestOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://localhost"},
            {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"},
            {"Sec_Fetch_Site": "none"},
        ],
    )
    def test_our_own_pages_and_programs_may_change(self, client, headers):
        assert change(client, **headers).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.test"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Origin": "http://localhost:3000"},
            {"Origin": "http://localhost.evil.test"},
            {"Origin": "file://localhost"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
            {"Origin": "http://localhost", "Sec_Fetch_Site": "cross-site"},
        ],
    )
    def test_others_may_not(self, client, headers):
        answer = change(client, **headers)
        assert (answer.status_code, answer.json["code"]) == (403, "UNAUTHORIZED")

    def test_the_page_that_is_allowed_may(self, open_client):
        assert change(open_client, Origin=PAGE, Sec_Fetch_Site="cross-site").status_code == 200
        assert change(open_client, Origin=f"{PAGE}.evil.test").status_code == 403


class TestBodies:
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
    )
    def test_what_is_no_json_is_415(self, client, method, kind):
        answer = client.open("/api/jobs/x", method=method, data=b"{}", content_type=kind)
        assert (answer.status_code, answer.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")

    def test_an_empty_body_needs_no_type(self, client):
        assert client.post("/api/jobs/x/execute", data=b"").status_code == 404


class TestCors:
    @pytest.mark.parametrize(
        "origin", ["https://evil.test", "null", "https://page.example.evil.test", PAGE + ":444"]
    )
    def test_it_is_closed_to_strangers(self, open_client, origin):
        answer = open_client.get("/api/job-types", headers={"Origin": origin})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]

    def test_it_is_closed_to_all_unless_somebody_is_named(self, client):
        answer = client.get("/api/job-types", headers={"Origin": PAGE})
        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_a_preflight_is_answered_at_any_address(self, open_client):
        asks = {"Origin": PAGE, "Access-Control-Request-Method": "PUT"}
        answer = open_client.options("/api/jobs/x", headers=asks)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        allowed = answer.headers["Access-Control-Allow-Headers"]
        for name in ("Content-Type", "Authorization", "X-API-Key", "Idempotency-Key", "If-Match"):
            assert name in allowed
        assert "traceparent" in allowed
        assert "PUT" in answer.headers["Access-Control-Allow-Methods"]

    def test_a_preflight_of_a_stranger_gets_nothing(self, open_client):
        asks = {"Origin": "https://evil.test", "Access-Control-Request-Method": "PUT"}
        answer = open_client.options("/api/jobs", headers=asks)
        assert "Access-Control-Allow-Origin" not in answer.headers

    def test_the_named_page_may_read_and_never_with_a_star(self, open_client):
        answer = open_client.get("/api/job-types", headers={"Origin": PAGE})
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/api/job-types", "/api/nothing", "/health", "/docs", "/", "/x"])
def test_every_answer_carries_the_headers(client, path):
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert (headers.get("Cache-Control") == "no-store") == path.startswith(("/api", "/health"))


def test_under_tls_browsers_are_told_to_stay_there(client):
    name = "Strict-Transport-Security"
    assert name in client.get("/api/job-types", base_url="https://localhost").headers
    assert name not in client.get("/api/job-types").headers


@pytest.mark.parametrize(
    "path",
    [
        "/API/job-types",
        "/api/v1/jobs/",
        "/api/v1/jobs;x",
        "/api/v1/jobs%2f..%2fhealth",
        "//api/jobs",
        "/api/jobs/health/login",
        "/api/../health",
    ],
)
def test_tricks_with_addresses_lead_nowhere(client, path):
    assert client.get(path).status_code in {301, 308, 403, 404}
