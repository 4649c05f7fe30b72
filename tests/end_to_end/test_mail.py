"""E-mail with real processes: servers that are away or hang, and senders that are killed."""

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Product, running, until
from tests.support.mail_server import MailServer, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A mail server that is not there yet."""
    one = MailServer(port=free_port())
    yield one
    if hasattr(one, "controller"):
        one.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def started(
    request: pytest.FixtureRequest, tmp_path: Path, server: MailServer
) -> Iterator[Product]:
    """The product, which sends its mail to the server."""
    is_other = request.param == "postgresql"
    url = request.getfixturevalue("empty_postgresql") if is_other else ""
    mail = {"SMTP_SERVER": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_SECURITY": "none"}
    mail |= {"SMTP_FROM": "jobs@example.com", "SMTP_TIMEOUT_SECONDS": "3"}
    mail |= {"PUBLIC_URL": "https://jobs.example.com", "ALERT_EMAILS": BOB}
    with running(tmp_path / "product", broker=None, DATABASE_URL=url, **mail) as product:
        yield product


def _mails(product: Product, **query: str) -> list[dict[str, Any]]:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    with contextlib.suppress(OSError, http.client.HTTPException):
        _, found = product.ask("GET", f"/api/emails?{words}")
        rows: list[dict[str, Any]] = found["data"]
        return rows
    return []


def test_a_job_that_fails_writes_an_alarm_the_third_time_and_when_it_works_again(
    started: Product, server: MailServer, tmp_path: Path
) -> None:
    server.start()
    flag = tmp_path / "works"
    script = f"echo one; echo 'the last words'; test -e {flag} || exit 3"
    over = {"notify_emails": f"{ANN}", "schedule": {"type": "manual"}}
    body = {"name": "nightly <b>", "type": "shell", "config": {"script": script}} | over
    status, made = started.ask("POST", "/api/jobs", body)
    assert status == 201, made
    job = made["data"]
    assert (job["notify_emails"], job["notify_on"]) == (ANN, "failure")
    for number in range(4):
        if number == 3:
            flag.touch()
        status, told = started.ask("POST", f"/api/jobs/{job['id']}/execute", {"wait": 60})
        assert status in {200, 202}, told
    until(lambda: len(server.kept) == 5, 30, "five mails")
    subjects = sorted((got.message["To"], got.message["Subject"]) for got in server.kept)
    assert subjects == [
        (ANN, "[OneOff] Failed 3 times in a row: nightly <b>"),
        (ANN, "[OneOff] Failed: nightly <b>"),
        (ANN, "[OneOff] Works again: nightly <b>"),
        (BOB, "[OneOff] Failed 3 times in a row: nightly <b>"),
        (BOB, "[OneOff] Works again: nightly <b>"),
    ]
    (first,) = (g for g in server.kept if g.message["Subject"].startswith("[OneOff] Failed: "))
    assert "the last words" in first.part("plain")
    assert "Exit code: 3" in first.part("plain")
    assert "nightly &lt;b&gt;" in first.part("html")
    assert f"https://jobs.example.com/jobs/{job['id']}" in first.part("html")
    until(lambda: len(_mails(started, status="sent")) == 5, 10, "all are recorded as sent")


def test_mail_waits_for_a_server_that_is_away_and_for_a_restart(
    started: Product, server: MailServer
) -> None:
    job = started.create("exit 1", notify_emails=ANN)
    until(lambda: any(m["attempts"] for m in _mails(started)), 20, "a first try")
    assert started.ended(job["id"])["status"] == "failed"
    (waiting,) = _mails(started, job_id=job["id"])
    assert "cannot connect" in waiting["error"]
    started.stop()
    started.start()
    server.start()
    until(lambda: len(server.kept) == 1, 60, "it arrives once the server is there")


def test_a_hanging_server_delays_no_job_and_no_chore(started: Product, server: MailServer) -> None:
    server.behave["data"] = "hang"
    server.start()
    started.create("exit 1", notify_emails=ANN)
    until(lambda: server.tried, 20, "the server hangs with a mail")
    for _ in range(10):
        assert started.ended(started.create("true")["id"], 20)["status"] == "completed"
    assert server.kept == []
    server.behave.clear()
    until(lambda: _mails(started, status="sent"), 60, "it is sent in the end")


def test_a_sender_killed_over_a_mail_sends_it_again_under_the_same_id(
    started: Product, server: MailServer
) -> None:
    server.behave["data"] = "hang"
    server.start()
    started.create("exit 1", notify_emails=ANN)
    until(lambda: server.tried, 20, "a try is under way")
    started.kill("auxiliary")
    server.behave.clear()  # the server has it, and nobody was told so
    until(lambda: _mails(started, status="sent"), 90, "it is sent by another")
    ids = [got.message["Message-ID"] for got in server.kept]
    assert 1 <= len(ids) <= 2
    assert len(set(ids)) == 1
