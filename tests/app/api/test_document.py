"""The API's own description."""

import pytest
from openapi_spec_validator import validate


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/api/openapi.json").json


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_operations_have_names_that_stay(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert {
        "listJobs",
        "createJob",
        "createJobs",
        "getJob",
        "updateJob",
        "putUpdateJob",
        "deleteJob",
        "cloneJob",
        "executeJob",
        "cancelJob",
        "listExecutions",
        "getExecution",
        "cancelExecution",
        "listLines",
    } <= set(names)


def test_every_operation_says_how_it_fails(document):
    for path, method, operation in operations(document):
        assert "default" in operation["responses"], (path, method)
        assert "422" not in operation["responses"], (path, method)
    error = document["components"]["schemas"]["Error"]
    assert set(error["required"]) == {"error", "code", "details", "trace_id"}


def test_limits_are_told(document):
    job = document["components"]["schemas"]["NewJob"]
    assert set(job["required"]) == {"name", "type", "config"}
    assert job["properties"]["priority"]["maximum"] == 10
    assert job["properties"]["overlap"]["enum"] == ["skip", "queue", "allow", "cancel_running"]
