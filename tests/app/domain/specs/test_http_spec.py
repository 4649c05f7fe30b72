"""The config of http jobs: what is accepted, and what is refused under which field."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.specs.http import MAX_BODY_BYTES, HttpSpec


def spec(**config: Any) -> HttpSpec:
    return HttpSpec.model_validate({"url": "https://example.test/x"} | config)


def faults(**config: Any) -> dict[str, str]:
    """Return where and what is wrong."""
    with pytest.raises(ValidationError) as caught:
        spec(**config)
    return {".".join(str(p) for p in e["loc"]): e["msg"] for e in caught.value.errors()}


def test_a_url_is_enough() -> None:
    plain = spec()
    assert (plain.method, plain.headers, plain.body, plain.timeout) == ("GET", {}, None, 30)
    assert (plain.retry_count, plain.retry_delay_seconds, plain.expected_status) == (3, 2.0, None)
    assert (plain.follow_redirects, plain.max_redirects, plain.verify_tls) == (True, 5, True)


def test_a_url_is_needed() -> None:
    with pytest.raises(ValidationError):
        HttpSpec.model_validate({})
    with pytest.raises(ValidationError):
        HttpSpec.model_validate([])
    assert "url" in faults(url=None)


@pytest.mark.parametrize(
    "url",
    ["example.com", "http:/x", "file:///etc/passwd", "http://a@h", "http://h:0", 5, "x" * 9999],
)
def test_a_bad_url_is_the_urls_fault(url: object) -> None:
    assert list(faults(url=url)) == ["url"]


@pytest.mark.parametrize("method", ["get", "Post", "PUT", "patch", "DELETE", "head", "options"])
def test_a_method_may_be_written_small(method: str) -> None:
    assert spec(method=method).method == method.upper()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "GET\r\nX: y", "", 1, "G ET"])
def test_other_methods_are_refused(method: object) -> None:
    assert list(faults(method=method)) == ["method"]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"": "x"}, "not a valid header name"),
        ({"a b": "x"}, "not a valid header name"),
        ({"a:": "x"}, "not a valid header name"),
        ({"ä": "x"}, "not a valid header name"),
        ({"a\r\nb": "x"}, "not a valid header name"),
        ({"a": "b\r\nc: d"}, "line end"),
        ({"a": "b\nc"}, "line end"),
        ({"a": "b\0c"}, "control character"),
        ({"Host": "x"}, "set by the connection"),
        ({"content-length": "5"}, "set by the connection"),
        ({"Transfer-Encoding": "chunked"}, "set by the connection"),
        ({"CONNECTION": "close"}, "set by the connection"),
        ({"a": "x" * 8193}, "longer than 8192"),
        ({"A": "1", "a": "2"}, "given twice"),
        ({f"h{n}": "x" for n in range(101)}, "at most 100"),
    ],
)
def test_headers_that_could_change_the_request_are_refused(
    headers: dict[str, str], words: str
) -> None:
    assert words in faults(headers=headers)["headers"]


def test_header_values_may_hold_what_http_allows() -> None:
    given = {"X-A": " a\tb ", "Authorization": "Bearer ü", "X-Empty": ""}
    assert spec(headers=given).headers == {
        "X-A": "a\tb",
        "Authorization": "Bearer ü",
        "X-Empty": "",
    }
    assert "headers.a" in faults(headers={"a": 1})


def test_a_body_needs_a_method_that_sends_one() -> None:
    assert spec(method="post", body="x").body == "x"
    assert "no body" in faults(body="x")["body"]
    assert "no body" in faults(method="HEAD", body="x")["body"]
    assert list(faults(method="TRACE", body="x")) == ["method"]


def test_a_body_may_be_a_mebibyte_of_utf_8() -> None:
    assert spec(method="POST", body="x" * MAX_BODY_BYTES).body
    assert "longer than" in faults(method="POST", body="ä" * (MAX_BODY_BYTES // 2 + 1))["body"]
    assert "body" in faults(method="POST", body="\ud800")


def test_empty_fields_are_as_if_absent() -> None:
    empty = {"headers": {}, "body": "", "timeout": 0, "expected_status": None, "retry": None}
    assert spec(**empty) == spec()
    assert spec(headers=None, body=None, timeout=None, method=None, retry_count=None) == spec()


@pytest.mark.parametrize("seconds", [1, 1.5, 604800])
def test_the_timeout_is_seconds_under_either_name(seconds: float) -> None:
    assert spec(timeout=seconds).timeout == seconds
    assert spec(timeout_seconds=seconds).timeout == seconds


def test_a_timeout_of_zero_means_thirty_seconds() -> None:
    assert spec(timeout=0).timeout == 30
    assert spec(timeout_seconds=0).timeout == 30


@pytest.mark.parametrize("seconds", [-1, 0.5, 604801, float("nan"), float("inf"), "5", True, False])
def test_other_timeouts_are_refused(seconds: object) -> None:
    assert list(faults(timeout=seconds)) == ["timeout"]


def test_the_same_thing_may_not_be_said_twice() -> None:
    assert "timeout_seconds" in faults(timeout=5, timeout_seconds=5)[""]
    assert "retry" in faults(retry={"attempts": 1}, retry_count=1)[""]


def test_retries_may_be_written_as_in_the_catalogue() -> None:
    catalogue = spec(retry={"attempts": 4, "delay": 1500})
    assert (catalogue.retry_count, catalogue.retry_delay_seconds) == (4, 1.5)
    assert spec(retry={}) == spec()
    assert spec(retry={"attempts": 0}).retry_count == 0


@pytest.mark.parametrize("retry", [3, [], "x", {"times": 3}])
def test_another_form_of_retry_is_refused(retry: object) -> None:
    assert "retry" in faults(retry=retry)[""]


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"retry_count": 11}, "retry_count"),
        ({"retry_count": -1}, "retry_count"),
        ({"retry_count": 1.5}, "retry_count"),
        ({"retry": {"attempts": "3"}}, "retry_count"),
        ({"retry": {"delay": "3"}}, "retry_delay_seconds"),
        ({"retry": {"delay": True}}, "retry_delay_seconds"),
        ({"retry": {"delay": -1}}, "retry_delay_seconds"),
        ({"max_redirects": 6}, "max_redirects"),
        ({"verify_tls": "no"}, "verify_tls"),
        ({"follow_redirects": 1}, "follow_redirects"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_value_out_of_range_is_its_fields_fault(config: dict[str, Any], field: str) -> None:
    assert list(faults(**config)) == [field]


@pytest.mark.parametrize(("given", "kept"), [(204, [204]), ([200, 404], [200, 404])])
def test_expected_statuses_are_a_number_or_a_list(given: object, kept: list[int]) -> None:
    assert spec(expected_status=given).expected_status == kept


@pytest.mark.parametrize("status", ["2xx", 99, 600, [], [99], [True], True, "200", [200.5]])
def test_other_expected_statuses_are_refused(status: object) -> None:
    assert all(field.startswith("expected_status") for field in faults(expected_status=status))


def test_a_status_is_accepted_below_400_or_when_expected() -> None:
    assert [s for s in (100, 200, 302, 399, 400, 500) if spec().accepts(s)] == [100, 200, 302, 399]
    assert [s for s in (200, 404) if spec(expected_status=404).accepts(s)] == [404]


def test_what_was_read_can_be_read_again() -> None:
    first = spec(method="post", headers={"A": "b"}, body="x", retry={"attempts": 2, "delay": 5})
    assert HttpSpec.model_validate(first.model_dump()) == first
    assert HttpSpec.model_validate_json(first.model_dump_json()) == first


def test_every_field_has_a_title_for_the_form() -> None:
    for name, field in HttpSpec.model_json_schema()["properties"].items():
        assert field["title"], name
