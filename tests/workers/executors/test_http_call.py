"""The call itself, as other executors use it."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import certifi
import httpcore
import pytest

from app.domain.outbound import OutboundPolicy
from tests.support.http_target import Exchange, HttpTarget, answer, deaf_port, sends
from workers.executors import http_call
from workers.executors.http_call import Answer, Caller, Request
from workers.executors.http_net import Backend, Resolve
from workers.executors.http_stream import CallFailed, Stream
from workers.executors.stop import StopSignal
from workers.executors.watch import Interrupted, Watch


class Kept:
    """A receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.heads: list[Answer] = []
        self.data = b""
        self.limit: int | None = None
        self.origins: list[str] = []

    def redirected(self, status: int, origin: str) -> None:
        self.origins.append(f"{status} {origin}")

    def head(self, answer: Answer) -> None:
        self.heads.append(answer)

    def body(self, data: bytes) -> None:
        self.data += data

    def cut(self, limit: int) -> None:
        self.limit = limit


@pytest.fixture(scope="module")
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


@pytest.fixture
def watch() -> Iterator[Watch]:
    stop = StopSignal()
    yield Watch(time.monotonic() + 20, stop)
    stop.close()


def test_an_answer_is_returned_and_passed_on(target: HttpTarget, watch: Watch) -> None:
    kept = Kept()
    url = target.serve(answer(201, b"made", (("X-A", "1"), ("x-a", "2"))))
    head = Caller(OutboundPolicy()).call(Request("GET", url, {}), kept, watch)
    assert (head.status, head.header("X-a"), head.header("none")) == (201, "1", "")
    assert kept.heads == [head]
    assert kept.data == b"made"


def test_header_values_may_be_in_an_old_encoding(target: HttpTarget, watch: Watch) -> None:
    raw = b"HTTP/1.1 200 Gr\xfc\xdfe\r\nX-Old: \xe4\r\nX-New: \xc3\xa4\r\n\r\n"
    head = Caller(OutboundPolicy()).call(
        Request("GET", target.serve(sends(raw)), {}), Kept(), watch
    )
    assert (head.reason, head.header("X-Old"), head.header("X-New")) == ("Grüße", "ä", "ä")


@pytest.mark.parametrize("size", [999, 1000, 1001])
def test_the_limit_of_a_body_can_be_set(target: HttpTarget, watch: Watch, size: int) -> None:
    kept = Kept()
    caller = Caller(OutboundPolicy(), max_body_bytes=1000)
    caller.call(Request("GET", target.serve(answer(200, b"x" * size)), {}), kept, watch)
    assert len(kept.data) == min(size, 1000)
    assert kept.limit == (1000 if size > 1000 else None)


def test_what_is_packed_into_nothing_is_bounded_too(target: HttpTarget, watch: Watch) -> None:
    """Empty members unpack to nothing, for ever."""
    nothing = bytes.fromhex("1f8b080000000000000303000000000000000000") * 1000

    def handler(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while not exchange.is_over.is_set():
            exchange.send(nothing)

    kept = Kept()
    caller = Caller(OutboundPolicy(), max_body_bytes=100_000)
    caller.call(Request("GET", target.serve(handler), {}), kept, watch)
    assert (kept.data, kept.limit) == (b"", 100_000)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://user:hush@127.0.0.1/", "http://"])
def test_an_address_that_is_no_url_is_refused(watch: Watch, url: str) -> None:
    with pytest.raises(CallFailed) as caught:
        Caller(OutboundPolicy()).call(Request("GET", url, {}), Kept(), watch)
    assert (caught.value.code, caught.value.may_retry) == ("URL_NOT_ALLOWED", False)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("headers", [{"A b": "hush"}, {"A": "hush\r\nB: c"}, {"A": "hush\n"}])
def test_a_header_that_is_none_is_not_sent_and_not_shown(
    target: HttpTarget, watch: Watch, headers: dict[str, str]
) -> None:
    before = len(target.seen)
    with pytest.raises(CallFailed) as caught:
        Caller(OutboundPolicy()).call(Request("GET", target.url("/"), headers), Kept(), watch)
    assert caught.value.code == "PROTOCOL_ERROR"
    assert not caught.value.may_retry
    assert "hush" not in str(caught.value)
    assert len(target.seen) == before


def slow(host: str, port: int) -> list[str]:
    time.sleep(1)
    raise OSError(host, port)


def broken(host: str, port: int) -> list[str]:
    raise UnicodeError(host, port)


@pytest.mark.parametrize(
    ("resolve", "words"), [(slow, "nobody answers where"), (broken, "can't be found")]
)
def test_resolving_has_its_own_limit(watch: Watch, resolve: Resolve, words: str) -> None:
    with pytest.raises(CallFailed, match=words) as caught:
        Backend(OutboundPolicy(), resolve, watch).connect_tcp("name.test", 80, timeout=0.2)
    assert caught.value.code == "DNS_FAILED"


def test_connecting_greeting_and_reading_have_limits_too(watch: Watch) -> None:
    backend = Backend(OutboundPolicy(), lambda _host, _port: ["127.0.0.1"], watch)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stream = backend.connect_tcp("name.test", silent.getsockname()[1])
        assert stream.get_extra_info("ssl_object") is None
        with pytest.raises(CallFailed, match="broke off"):
            stream.read(10, timeout=0.1)
        with pytest.raises(CallFailed, match="does not answer the TLS handshake"):
            stream.start_tls(ssl.create_default_context(), "name.test", timeout=0.1)
    with deaf_port() as port, pytest.raises(CallFailed, match="no answer"):
        backend.connect_tcp("name.test", port, timeout=0.2)


def test_a_request_that_is_not_taken_is_a_failure_and_a_closed_line_is_heard_later(
    watch: Watch,
) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    stream = Stream(ours, watch)
    with pytest.raises(CallFailed, match="does not take the request"):
        stream.write(bytes(10_000_000), timeout=0.1)
    theirs.close()
    with pytest.raises(httpcore.WriteError):
        stream.write(b"more", timeout=1)
    stream.close()


def test_a_machine_without_certificates_trusts_the_bundled_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    bundled = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()
    assert http_call._tls.__wrapped__(verify=True).cert_store_stats() == bundled


def test_a_pause_ends_at_the_deadline() -> None:
    stop = StopSignal()
    short = Watch(time.monotonic() + 0.05, stop)
    assert not short.outlasts(1)
    with pytest.raises(Interrupted) as caught:
        short.pause(60)
    assert caught.value.reason == "timeout"
    stop.close()
