"""HTTP jobs against a real server: what is sent, what is printed and how an attempt ends."""

from collections.abc import Iterator

import pytest

from tests.support.http_target import (
    HttpTarget,
    answer,
    drips,
    in_turn,
    resets,
    sends,
    unused_port,
)
from tests.workers.executors.http_runs import TRACEPARENT, Around, run_http, when
from tests.workers.executors.recorder import Recorder
from workers.executors.base import Parameters
from workers.executors.stop import StopSignal

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


@pytest.fixture(scope="module")
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


def test_the_answer_is_printed_as_status_headers_and_body(target: HttpTarget) -> None:
    run = run_http(target.serve(answer(200, b"hello\n", (("X-One", "1"),), reason="OK")))
    assert run.text == "HTTP/1.1 200 OK\n\nHeaders:\nContent-Length: 6\nX-One: 1\n\nBody:\nhello\n"
    assert (run.outcome.verdict, run.outcome.exit_code) == ("completed", 0)
    assert (run.outcome.error, run.outcome.error_code) == (None, None)
    assert run.system == ""


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_all_seven_methods_are_sent(target: HttpTarget, method: str) -> None:
    run = run_http(target.serve(answer(200, b"x")), method=method.lower())
    assert target.seen[-1].method == method
    assert run.outcome.verdict == "completed"
    assert run.body == ("" if method == "HEAD" else "x")


def test_path_query_headers_and_body_arrive_as_given(target: HttpTarget) -> None:
    path = "/with%20space/ä"
    target.serve(answer(), "/with%20space/%C3%A4")
    run = run_http(
        target.url(f"{path}?q=a%26b&ü=1#part"),
        method="POST",
        headers={"X-Mine": "grüße", "Content-Type": "application/json", "User-Agent": "mine"},
        body='{"a": "ä"}',
    )
    seen = target.seen[-1]
    assert run.outcome.verdict == "completed"
    assert seen.target == "/with%20space/%C3%A4?q=a%26b&%C3%BC=1"
    assert seen.headers["host"] == f"127.0.0.1:{target.port}"
    assert (seen.headers["x-mine"], seen.headers["user-agent"]) == ("grüße", "mine")
    assert seen.body == '{"a": "ä"}'.encode()
    assert seen.headers["content-length"] == "11"


def test_trace_and_idempotency_key_are_sent_with_our_name(target: HttpTarget) -> None:
    run_http(target.serve(answer()))
    headers = target.seen[-1].headers
    assert headers["traceparent"] == TRACEPARENT
    assert headers["idempotency-key"] == "r" * 32
    assert headers["user-agent"] == "OneOff"
    assert "content-length" not in headers


def test_the_users_own_trace_and_key_win(target: HttpTarget) -> None:
    run_http(target.serve(answer()), headers={"TraceParent": "mine", "IDEMPOTENCY-KEY": "own"})
    seen = target.seen[-1]
    assert (seen.headers["traceparent"], seen.headers["idempotency-key"]) == ("mine", "own")
    assert len({name.lower() for name in seen.header_names}) == len(seen.header_names)


def test_an_empty_post_says_that_it_is_empty(target: HttpTarget) -> None:
    run_http(target.serve(answer()), method="POST")
    assert target.seen[-1].headers["content-length"] == "0"


def test_the_body_given_for_this_run_replaces_the_jobs_own(target: HttpTarget) -> None:
    around = Around(parameters=Parameters(body="new", args=("ignored",), env={"A": "b"}))
    run_http(target.serve(answer()), around, method="PUT", body="old")
    assert target.seen[-1].body == b"new"


def test_a_body_given_for_a_get_is_not_sent_and_that_is_said(target: HttpTarget) -> None:
    run = run_http(target.serve(answer()), Around(parameters=Parameters(body="new")))
    assert target.seen[-1].body == b""
    assert "is not sent" in run.system


@pytest.mark.parametrize(
    ("status", "expected", "verdict"),
    [
        (204, None, "completed"),
        (304, None, "completed"),
        (399, None, "completed"),
        (400, None, "failed"),
        (503, None, "failed"),
        (404, 404, "completed"),
        (200, 404, "failed"),
        (500, [200, 500], "completed"),
    ],
)
def test_the_status_decides(
    target: HttpTarget, status: int, expected: object, verdict: str
) -> None:
    url = target.serve(answer(status))
    run = run_http(url, expected_status=expected, retry_count=3)
    assert run.outcome.verdict == verdict
    assert [s.target for s in target.seen].count(url[url.rindex("/") :]) == 1
    if verdict == "failed":
        assert run.outcome.exit_code == 1
        assert run.outcome.error == f"HTTP request returned error status: {status}"
        assert run.outcome.error_code == "HTTP_STATUS"
    assert run.text.startswith(f"HTTP/1.1 {status} Some Reason\n\nHeaders:\n")


def test_cookies_and_tokens_in_the_answer_are_masked(target: HttpTarget) -> None:
    headers = (("Set-Cookie", "sid=hush"), ("X-Auth-Token", "hush"), ("X-Plain", "shown"))
    run = run_http(target.serve(answer(200, b"", headers)))
    assert "hush" not in run.text
    assert "Set-Cookie: ***\nX-Auth-Token: ***\nX-Plain: shown\n" in run.text


def test_bytes_that_are_not_text_pass_as_they_are(target: HttpTarget) -> None:
    run = run_http(target.serve(answer(200, b"\xff\xfe\x00", (("Content-Type", "text/plain"),))))
    assert run.output.data("stdout").endswith(b"Body:\n\xff\xfe\x00")


@pytest.mark.parametrize(
    "kind", ["image/png", "application/octet-stream", "application/zip", "font/woff2"]
)
def test_a_binary_body_is_counted_and_not_shown(target: HttpTarget, kind: str) -> None:
    run = run_http(target.serve(answer(200, b"\x00\x01" * 500, (("Content-Type", kind),))))
    assert run.body == ""
    assert run.system == f"<1000 bytes of {kind} not shown>\n"


def test_a_packing_that_is_not_known_is_not_shown(target: HttpTarget) -> None:
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "br"))
    run = run_http(target.serve(answer(200, b"packed", headers)), headers={"Accept-Encoding": "br"})
    assert target.seen[-1].headers["accept-encoding"] == "br"
    assert run.system == "<6 bytes of br-encoded text/html not shown>\n"


@pytest.mark.parametrize(
    "kind", ["image/svg+xml", "application/problem+json; charset=utf-8", "APPLICATION/JSON", "x"]
)
def test_a_text_body_is_shown(target: HttpTarget, kind: str) -> None:
    assert run_http(target.serve(answer(200, b"seen", (("Content-Type", kind),)))).body == "seen"


def test_an_office_document_is_not_taken_for_xml(target: HttpTarget) -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert run_http(target.serve(answer(200, b"PK", (("Content-Type", kind),)))).body == ""


def test_the_body_is_printed_while_it_comes(target: HttpTarget) -> None:
    stop, output = StopSignal(), Recorder()
    thread = when(lambda: "first line" in output.text(), lambda: stop.set("cancel"))
    run = run_http(
        target.serve(drips(b"x" * 600, before=HEAD + b"first line\n")),
        Around(stop=stop, output=output),
    )
    thread.join()
    stop.close()
    assert run.outcome.verdict == "cancelled"
    assert run.body.startswith("first line\n")


def test_a_refused_connection_fails_with_a_code(target: HttpTarget) -> None:
    run = run_http(f"http://127.0.0.1:{unused_port()}/x?token=hush")
    assert (run.outcome.verdict, run.outcome.exit_code) == ("failed", 1)
    assert run.outcome.error_code == "CONNECT_FAILED"
    assert str(run.outcome.error).startswith("HTTP request failed: cannot connect to 127.0.0.1")
    assert "Connection refused" in str(run.outcome.error)
    assert "hush" not in str(run.outcome.error)
    assert run.text == ""


def test_a_transport_failure_is_tried_again_and_said(target: HttpTarget) -> None:
    url = target.serve(in_turn(resets(), sends(b""), answer(200, b"third")))
    run = run_http(url, retry={"attempts": 3, "delay": 10})
    assert run.outcome.verdict == "completed"
    assert run.body == "third"
    assert run.system.splitlines()[0].startswith("Attempt 2 of 4 in 0.01 s: ")
    assert run.system.splitlines()[1].startswith("Attempt 3 of 4 in 0.01 s: ")
    keys = {seen.headers["idempotency-key"] for seen in target.seen[-3:]}
    assert keys == {"r" * 32}


def test_retries_end(target: HttpTarget) -> None:
    before = len(target.seen)
    run = run_http(target.serve(resets()), retry={"attempts": 2, "delay": 0})
    assert run.outcome.error_code == "PROTOCOL_ERROR"
    assert len(target.seen) - before == 3


def test_there_is_no_retry_that_the_time_left_does_not_cover(target: HttpTarget) -> None:
    run = run_http(target.serve(resets()), timeout=1, retry={"attempts": 3, "delay": 3_000_000})
    assert run.outcome.error_code == "PROTOCOL_ERROR"
    assert run.system == ""
