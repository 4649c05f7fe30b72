"""What is no good request is refused in one form, whatever is wrong with it."""

import json

import pytest

from tests.support.api import refused, wish

JSON = "application/json"


def post(client, data, content_type=JSON, **headers):
    return client.post("/api/jobs", data=data, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"name": "a",}', "line 1, column 14"),
        (b'{"name": "a"', "line 1, column 13"),
        (b'{"name":\n "a" "b"}', "line 2, column 6"),
        (b"{} {}", "line 1, column 4"),
        (b'{"name": "a", "name": "b"}', "'name' is given twice"),
        (b'{"config": {"x": {"y": 1, "y": 2}}}', "'y' is given twice"),
        (b'{"priority": NaN}', "NaN is no number"),
        (b'{"priority": 1e999}', "too large"),
        (b'{"priority": ' + b"9" * 5000 + b"}", "too long"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"name": "a"}', "line 1, column 1"),
        ('{"name": "a"}'.encode("utf-16"), "not UTF-8"),
        (b"[" * 65 + b"]" * 65, "64 levels"),
        (b"[" * 100_000, "64 levels"),
        (b'{"a":' * 100_000, "64 levels"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b"null", "must be a JSON object"),
        (b"1", "must be a JSON object"),
        (b"", "a JSON object is needed"),
        (b"  \n", "a JSON object is needed"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_the_place(client, body, words):
    found = refused(post(client, body), 400)
    assert found["code"] == "VALIDATION_ERROR"
    assert words in found["error"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "a\\u0000b"}', "name"),
        ('{"name": "\\ud800"}', "name"),
        ('{"config": {"script": "a\\u0000"}}', "config.script"),
        ('{"config": {"env": {"A": "\\udfff"}}}', "config.env.A"),
        ('{"tag_ids": ["\\u0000"]}', "tag_ids.0"),
    ],
)
def test_text_that_no_database_holds_is_refused(client, body, field):
    assert "invalid character" in refused(post(client, body), 400, field)["error"]


def test_a_config_given_as_text_is_read_as_strictly(client):
    for config in ('{"script": "a\\u0000"}', '{"script": "a", "script": "b"}', '{"script": NaN}'):
        answer = post(client, json.dumps(wish(config=config)))
        assert all(f["field"].startswith("config") for f in refused(answer, 400)["details"])


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_kind_is_refused(client, kind):
    assert refused(post(client, json.dumps(wish()), kind), 415)["code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_a_packed_body_is_refused(client):
    answer = post(client, json.dumps(wish()), **{"Content-Encoding": "gzip"})
    refused(answer, 415)


def test_json_with_a_suffix_or_charset_is_json(client):
    for kind in ("application/merge-patch+json", "application/json; charset=utf-8"):
        assert post(client, json.dumps(wish()), kind).status_code == 201


def test_a_body_that_is_too_large_is_refused(client):
    answer = post(client, b'{"name": "' + b"x" * (10 * 1024**2) + b'"}')
    assert refused(answer, 413)["code"] == "PAYLOAD_TOO_LARGE"


def test_a_bulk_body_that_is_too_large_for_others_is_read(client):
    answer = client.post(
        "/api/jobs/bulk", data=b" " * (11 * 1024**2) + b'{"jobs": []}', content_type=JSON
    )
    refused(answer, 400, "jobs")


def test_a_body_of_a_million_fields_is_refused(client):
    body = json.dumps({f"k{n}": n for n in range(400_000)})
    assert "more than 200 fields" in refused(post(client, body), 400)["error"]


def test_of_many_faults_the_first_hundred_are_told(client):
    body = json.dumps(wish(**{f"k{n}": n for n in range(150)}))
    found = refused(post(client, body), 400)
    assert [f["field"] for f in found["details"]] == [*(f"k{n}" for n in range(100)), ""]
    assert found["error"].endswith("and 50 faults more")


def test_unknown_addresses_and_methods_answer_json(client):
    assert refused(client.get("/api/nothing"), 404)["code"] == "NOT_FOUND"
    answer = client.delete("/api/jobs")
    assert refused(answer, 405)["code"] == "METHOD_NOT_ALLOWED"
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert client.head("/api/jobs").status_code == 200
    assert client.options("/api/jobs").status_code == 200
    assert client.get("/api/jobs/").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "image/png", "*/*", ""])
def test_the_answer_is_json_whatever_is_accepted(client, accept):
    for path in ("/api/jobs", "/api/nothing"):
        assert client.get(path, headers={"Accept": accept}).mimetype == JSON


def test_problem_json_on_request(client):
    answer = client.get("/api/jobs/x", headers={"Accept": "application/problem+json"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    problem = json.loads(answer.data)
    assert (problem["status"], problem["title"]) == (404, "Not Found")
    assert (problem["detail"], problem["code"]) == ("Job not found", "NOT_FOUND")
    assert problem["instance"] == "/api/jobs/x"


TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", True),
        (f"00-{TRACE}-0000000000000000-01", False),
        (f"00-{'0' * 32}-b7ad6b7169203331-01", False),
        (f"ff-{TRACE}-b7ad6b7169203331-01", False),
        ("rubbish", False),
    ],
)
def test_the_callers_trace_is_kept_if_it_is_one(client, given, kept):
    answer = client.get("/api/jobs/x", headers={"traceparent": given})
    trace_id = answer.json["trace_id"]
    assert (trace_id == TRACE) is kept
    assert answer.headers["X-Trace-Id"] == trace_id
    assert answer.headers["traceparent"].split("-")[1] == trace_id


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"limit": "ten"},
        {"limit": "1.5"},
        {"limit": "१"},
        {"offset": "-1"},
        {"sort_by": "name;drop"},
        {"sort_by": "config"},
        {"sort_order": "up"},
        {"status": "asleep"},
        {"type": "teleport"},
        {"time_from": "2026-13-01T00:00:00Z"},
        {"time_from": "yesterday"},
        {"time_from": "2026-01-01T00:00:00"},
        {"time_to": "now"},
        {"search": "a\0"},
        {"cursor": "rubbish"},
        {"cursor": "é"},
        {"cursor": "WzEsMiwzXQ"},
    ],
)
def test_a_bad_value_in_a_query_is_refused(client, query):
    refused(client.get("/api/jobs", query_string=query), 400, *query)


def test_a_range_that_ends_before_it_begins_is_refused(client):
    days = {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    times = {f"time_{name}": day for name, day in days.items()}
    refused(client.get("/api/jobs", query_string=times), 400, "time_from")
    dates = {f"date_{name}": day for name, day in days.items()}
    refused(client.get("/api/executions", query_string=dates), 400, "date_from")


def test_empty_null_and_unknown_names_in_a_query_are_as_if_absent(client):
    for query in (
        "?status=&project_id=null&limit=&cursor=&search=null",
        "?colour=red&page=7",
        "?tag_id=&time_from=null&sort_by=",
    ):
        assert client.get(f"/api/jobs{query}").status_code == 200


def test_a_plus_that_became_a_blank_is_understood(client):
    answer = client.get("/api/jobs?time_from=2026-01-01T00:00:00+07:00")
    assert answer.status_code == 200


def test_an_unexpected_error_tells_nothing_but_its_trace(client, monkeypatch, caplog):
    from app.services.jobs import lists

    def explode(*_):
        raise RuntimeError("SELECT secret FROM /etc/passwd")

    monkeypatch.setattr(lists, "page", explode)
    client.application.testing = False
    found = refused(client.get("/api/jobs"), 500)
    assert found["code"] == "INTERNAL_ERROR"
    assert "secret" not in str(found)
    assert "RuntimeError" in caplog.text


def test_a_database_that_is_away_is_unavailable(client, tmp_path):
    from app import db

    db.engine().dispose()
    db._engines.clear()
    db.configure(f"sqlite:///{tmp_path}/nowhere/none.db")
    assert refused(client.get("/api/jobs"), 503)["code"] == "UNAVAILABLE"
