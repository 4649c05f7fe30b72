"""HTTP jobs that have to end early, and answers that are too big, too slow or broken."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.support.http_target import (
    Handler,
    HttpTarget,
    answer,
    bomb,
    deaf_port,
    drips,
    floods,
    hangs,
    resets,
    sends,
)
from tests.workers.executors.http_runs import Around, Run, run_http, when
from tests.workers.executors.recorder import Recorder, descriptors, eventually
from workers.executors.base import Stream
from workers.executors.http_call import MAX_BODY_BYTES
from workers.executors.stop import StopReason, StopSignal

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@contextmanager
def silent_resolver() -> Iterator[Callable[[str, int], list[str]]]:
    """Yield a resolver that answers nobody while the block lasts."""
    is_over = threading.Event()

    def resolve(_host: str, _port: int) -> list[str]:
        is_over.wait(60)
        return []

    yield resolve
    is_over.set()


def assert_timed_out(run: Run) -> None:
    assert (run.outcome.verdict, run.outcome.exit_code) == ("timeout", 124)
    assert run.outcome.error_code == "TIMEOUT"
    assert run.outcome.error == "HTTP request timed out after 0.5 seconds"
    assert run.seconds < 5


@pytest.mark.parametrize(
    "handler",
    [
        hangs(),
        drips(b"x" * 600, before=HEAD),
        drips(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 600),
        drips(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, every=0.01),
    ],
    ids=["silent", "slow body", "slow headers", "only promises"],
)
def test_a_slow_server_ends_in_a_timeout(target: HttpTarget, handler: Handler) -> None:
    assert_timed_out(run_http(target.serve(handler), Around(seconds=0.5)))


def test_a_connection_that_is_never_made_ends_in_a_timeout() -> None:
    with deaf_port() as port:
        assert_timed_out(run_http(f"http://127.0.0.1:{port}/", Around(seconds=0.5)))


def test_a_resolver_that_never_answers_ends_in_a_timeout() -> None:
    with silent_resolver() as resolve:
        assert_timed_out(run_http("http://name.test/", Around(seconds=0.5, resolve=resolve)))


def test_the_jobs_own_timeout_covers_all_tries(target: HttpTarget) -> None:
    run = run_http(target.serve(hangs()), timeout=1, retry_count=3)
    assert run.outcome.error == "HTTP request timed out after 1 seconds"
    assert run.seconds < 6


@pytest.mark.parametrize(
    ("reason", "verdict", "exit_code", "code"),
    [
        ("cancel", "cancelled", 130, "CANCELLED"),
        ("force", "cancelled", 130, "CANCELLED"),
        ("shutdown", "failed", None, "WORKER_SHUTDOWN"),
        ("fenced", "failed", None, "FENCED"),
    ],
)
def test_a_stop_ends_the_call_while_it_waits_for_an_answer(
    target: HttpTarget, reason: StopReason, verdict: str, exit_code: int | None, code: str
) -> None:
    run = stopped(target.serve(hangs()), reason, lambda: target.open_connections > 0)
    assert (run.outcome.verdict, run.outcome.exit_code) == (verdict, exit_code)
    assert run.outcome.error_code == code
    assert run.seconds < 5
    if verdict == "cancelled":
        assert run.outcome.error == "Job cancelled by user"


def stopped(
    url: str, reason: StopReason, condition: Callable[[], bool], around: Around | None = None
) -> Run:
    """Run a job and stop it as soon as the condition holds."""
    around = around or Around()
    around.stop = StopSignal()
    thread = when(condition, lambda stop=around.stop: stop.set(reason))  # type: ignore[misc]
    try:
        return run_http(url, around, retry={"attempts": 5, "delay": 60_000}, timeout=600)
    finally:
        thread.join()
        around.stop.close()


def test_a_stop_that_came_before_the_start_is_heard(target: HttpTarget) -> None:
    before = len(target.seen)
    stop = StopSignal()
    stop.set("cancel")
    run = run_http(target.serve(answer()), Around(stop=stop))
    stop.close()
    assert run.outcome.verdict == "cancelled"
    assert len(target.seen) == before


def test_a_stop_is_heard_while_connecting_resolving_and_between_tries(target: HttpTarget) -> None:
    soon = time.monotonic() + 0.3
    with deaf_port() as port:
        run = stopped(f"http://127.0.0.1:{port}/", "cancel", lambda: time.monotonic() > soon)
        assert (run.outcome.verdict, run.seconds < 5) == ("cancelled", True)
    with silent_resolver() as resolve:
        names = [thread.name for thread in threading.enumerate()]
        run = stopped(
            "http://name.test/",
            "cancel",
            lambda: "resolve" in {t.name for t in threading.enumerate()} - set(names),
            Around(resolve=resolve),
        )
        assert (run.outcome.verdict, run.seconds < 5) == ("cancelled", True)
    output = Recorder()
    run = stopped(
        target.serve(resets()),
        "cancel",
        lambda: "Attempt 2" in output.text("system"),
        Around(output=output),
    )
    assert (run.outcome.verdict, run.seconds < 5) == ("cancelled", True)


def test_a_body_that_nobody_takes_ends_in_a_timeout() -> None:
    """The server accepts, and never reads: a mebibyte does not fit into the machine's buffers."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        run = run_http(url, Around(seconds=0.5), method="POST", body="x" * MEBIBYTE)
    assert_timed_out(run)


@pytest.mark.parametrize("handler", [bomb(200 * MEBIBYTE), floods(10**11)], ids=["bomb", "flood"])
def test_a_body_without_end_is_cut_and_its_status_still_counts(
    target: HttpTarget, handler: Handler
) -> None:
    output = BlockRecorder()
    run = run_http(target.serve(handler), Around(output=output))
    assert run.outcome.verdict == "completed"
    assert f"The body is longer than {MAX_BODY_BYTES} bytes" in run.system
    assert MAX_BODY_BYTES < output.size < MAX_BODY_BYTES + 1000
    assert output.largest <= MEBIBYTE


class BlockRecorder(Recorder):
    """Keeps the size of the largest block, too."""

    largest = 0

    def write(self, stream: Stream, data: bytes) -> None:
        self.largest = max(self.largest, len(data))
        super().write(stream, data)


def test_a_body_of_exactly_the_limit_is_whole(target: HttpTarget) -> None:
    run = run_http(target.serve(floods(MAX_BODY_BYTES)))
    assert run.system == ""
    assert run.output.size > MAX_BODY_BYTES


BROKEN = {
    "nothing": b"",
    "not http": b"SSH-2.0-OpenSSH_9\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-",
    "half a body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a header without end": b"HTTP/1.1 200 OK\r\nX: " + b"x" * MEBIBYTE,
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000,
    "broken gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot packed",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_answer_that_is_not_http_is_a_protocol_error(target: HttpTarget, kind: str) -> None:
    run = run_http(target.serve(sends(BROKEN[kind])))
    assert (run.outcome.verdict, run.outcome.exit_code) == ("failed", 1)
    assert run.outcome.error_code == "PROTOCOL_ERROR"
    assert str(run.outcome.error).startswith("HTTP request failed: ")


def test_a_reset_in_the_middle_is_a_protocol_error(target: HttpTarget) -> None:
    run = run_http(target.serve(resets(HEAD + b"half")))
    assert run.outcome.error_code == "PROTOCOL_ERROR"
    assert run.body == "half"


def test_an_answer_that_comes_before_the_body_is_sent_counts(target: HttpTarget) -> None:
    run = run_http(target.serve(answer(413, b"too much")), method="POST", body="x" * MEBIBYTE)
    assert run.outcome.error == "HTTP request returned error status: 413"


def test_nothing_is_left_behind(target: HttpTarget) -> None:
    urls = [target.serve(h) for h in (answer(), resets(), hangs(), floods(10**11))]
    run_http(urls[0])
    assert eventually(lambda: target.open_connections == 0)
    before, threads = descriptors(), threading.enumerate()
    for url in [*urls, f"http://localhost:{target.port}/", "http://nowhere.invalid/"]:
        run_http(url, Around(seconds=0.3))
    assert "resolve" not in {thread.name for thread in set(threading.enumerate()) - set(threads)}
    assert eventually(lambda: target.open_connections == 0)
    assert descriptors() <= before
