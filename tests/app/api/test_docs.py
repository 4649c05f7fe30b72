"""The API document is whole, and readable in a browser without help from elsewhere."""

import re

import pytest

from app.api import aliases


@pytest.fixture(scope="module")
def document(app):
    """The API document."""
    return app.test_client().get("/api/openapi.json").json


def operations(document):
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_every_route_is_documented(app, document):
    documented = {(method, path) for method, path, _ in operations(document)}
    undescribed = {"/api/openapi.json"} | {rule for _, rule, _ in aliases.TABLE}
    routes = {
        (method, re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/api/", "/setup/")) and rule.rule not in undescribed
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == documented


def test_every_operation_has_a_stable_name_and_words(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name) for name in names)
    assert all(operation.get("summary") for _, _, operation in operations(document))


def test_what_takes_an_idempotency_key_says_so(document):
    say_so = {
        path
        for method, path, operation in operations(document)
        if any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", []))
    }
    assert {"/api/jobs", "/api/jobs/bulk", "/api/jobs/{job_id}/execute"} <= say_so


class TestPage:
    def test_it_holds_no_inline_script_and_nothing_from_elsewhere(self, app):
        page = app.test_client().get("/docs").text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|https?://", page)

    def test_all_it_names_is_there(self, app):
        client = app.test_client()
        page = client.get("/docs").text
        for address in re.findall(r'(?:src|href)="([^"]+)"', page):
            answer = client.get(address)
            assert answer.status_code == 200, address
            answer.close()

    @pytest.mark.parametrize("name", ["../__init__.py", "oauth2-redirect.html", "LICENSE"])
    def test_nothing_else_of_the_package_is_served(self, app, name):
        assert app.test_client().get(f"/docs/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/jobs/x/y/z"])
def test_an_unknown_address_below_api_is_404_in_json(app, path):
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_a_wrong_method_is_405_in_json_and_names_the_right_ones(app):
    answer = app.test_client().delete("/api/job-types")
    assert (answer.status_code, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]
