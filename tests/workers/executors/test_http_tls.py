"""HTTP jobs over TLS: whose certificate counts."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.certificates import make_certificate
from tests.support.http_target import HttpTarget, answer, redirect, resets
from tests.workers.executors.http_runs import Around, names, run_http
from workers.executors import http_call

NAMES = names({"good.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make_certificate(tmp_path_factory.mktemp("tls"), "good.test")
    if made is None:
        pytest.skip("there is no openssl command")
    return made


@pytest.fixture(scope="module")
def target(certificate: Path) -> Iterator[HttpTarget]:
    with HttpTarget(certificate=certificate) as server:
        yield server


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Make the machine trust a certificate, the way an operator does."""

    def make(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        http_call._tls.cache_clear()

    http_call._tls.cache_clear()
    yield make
    monkeypatch.undo()
    http_call._tls.cache_clear()


Trust = Callable[[Path], None]


def test_a_self_signed_certificate_is_refused_at_once(target: HttpTarget) -> None:
    before = len(target.seen)
    run = run_http(target.serve(answer()), retry_count=3)
    assert run.outcome.error_code == "TLS_ERROR"
    assert "the certificate of 127.0.0.1 is not accepted: self-signed" in str(run.outcome.error)
    assert len(target.seen) == before
    assert run.system == ""


def test_a_certificate_that_the_machine_trusts_is_accepted(
    target: HttpTarget, trust: Trust, certificate: Path
) -> None:
    trust(certificate)
    url = target.serve(answer(200, b"safe")).replace("127.0.0.1", "good.test")
    assert run_http(url, Around(resolve=NAMES)).body == "safe"
    assert target.seen[-1].headers["host"] == f"good.test:{target.port}"


def test_a_certificate_for_another_name_is_refused(
    target: HttpTarget, trust: Trust, certificate: Path
) -> None:
    trust(certificate)
    url = target.serve(answer()).replace("127.0.0.1", "other.test")
    run = run_http(url, Around(resolve=NAMES))
    assert run.outcome.error_code == "TLS_ERROR"
    assert "Hostname mismatch" in str(run.outcome.error)


def test_a_certificate_that_is_over_is_refused(tmp_path: Path, trust: Trust) -> None:
    over = make_certificate(tmp_path, "good.test", days=-1)
    if over is None:
        pytest.skip("there is no openssl command")
    trust(over)
    with HttpTarget(certificate=over) as server:
        url = server.serve(answer()).replace("127.0.0.1", "good.test")
        run = run_http(url, Around(resolve=NAMES))
    assert run.outcome.error_code == "TLS_ERROR"
    assert "expired" in str(run.outcome.error)


def test_the_check_can_be_switched_off(target: HttpTarget) -> None:
    assert run_http(target.serve(answer(200, b"x")), verify_tls=False).body == "x"


def test_a_server_without_tls_is_a_tls_error() -> None:
    with HttpTarget() as plain:
        url = plain.serve(answer()).replace("http://", "https://")
        run = run_http(url, verify_tls=False)
    assert run.outcome.error_code == "TLS_ERROR"


def test_a_big_body_goes_both_ways(target: HttpTarget) -> None:
    size = 1024 * 1024
    run = run_http(
        target.serve(answer(200, b"y" * 3 * size)), verify_tls=False, method="PUT", body="x" * size
    )
    assert len(target.seen[-1].body) == size
    assert run.body == "y" * 3 * size


def test_a_handshake_that_nobody_answers_ends_in_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        run = run_http(url, Around(seconds=0.5), verify_tls=False)
    assert run.outcome.verdict == "timeout"


def test_a_redirect_from_https_to_http_is_refused(target: HttpTarget) -> None:
    with HttpTarget() as plain:
        run = run_http(target.serve(redirect(302, plain.serve(answer()))), verify_tls=False)
        assert plain.seen == []
    assert run.outcome.error_code == "REDIRECT_REFUSED"
    assert "from https to http://127.0.0.1" in str(run.outcome.error)


def test_a_redirect_from_http_to_https_is_followed(target: HttpTarget) -> None:
    with HttpTarget() as plain:
        start = plain.serve(redirect(301, target.serve(answer(200, b"up"))))
        assert run_http(start, verify_tls=False).body == "up"


def test_a_lost_connection_is_a_protocol_error(target: HttpTarget) -> None:
    run = run_http(target.serve(resets()), verify_tls=False)
    assert run.outcome.error_code == "PROTOCOL_ERROR"
