"""E-mail and the time zone from the command line."""

import json

import pytest

from app.services.notifications import server
from app.settings import Settings
from tests.app.cli.test_jobs import ended
from tests.support.api import get
from tests.support.mail_server import MailServer, free_port
from tests.support.mails import ANN, a_job, end, mails

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _forgotten():
    server.configure(Settings())
    yield
    server.configure(Settings())


def test_e_mail_is_set_shown_and_tried(oneoff, client):
    with MailServer() as running:
        to = ("--mail-server", "127.0.0.1", "--port", running.port, "--security", "none")
        words = ("settings", "smtp", "set", *to, "--from", "jobs@example.com")
        shown = ended(oneoff(*words, "--password-file", "-", "--language", "vi", text="hush\n"))
        assert "is set" in shown
        assert "hush" not in shown
        assert "sent to ann@example.com" in ended(oneoff("settings", "smtp", "test", ANN))
        assert running.kept[0].message["Subject"] == "[OneOff] Thư thử của OneOff"
        running.behave["rcpt"] = "550 no such user"
        refused = oneoff("settings", "smtp", "test", ANN)
        ended(refused, 1)
        assert "recipient: the server answered 550 no such user" in refused.stderr
    ended(oneoff("settings", "smtp", "set", "--no-password", "--alert-emails", "a@b.de"))
    found = get(client, "/api/settings/smtp")["data"]
    assert (found["has_password"], found["alert_emails"]) == (False, ["a@b.de"])
    ended(oneoff("settings", "smtp", "set", "--alert-emails", "none", "--mail-server", "none"))
    found = json.loads(ended(oneoff("settings", "smtp", "show", "--json")))
    assert (found["server"], found["alert_emails"], found["configured"]) == ("", [], False)
    assert "say what to change" in oneoff("settings", "smtp", "set").stderr


def test_the_time_zone_is_shown_and_set(oneoff):
    assert ended(oneoff("settings", "timezone")).strip() == "UTC (UTC, UTC+00:00)"
    assert "UTC+07:00" in ended(oneoff("settings", "timezone", "Asia/Ho_Chi_Minh"))
    ended(oneoff("settings", "timezone", "Nowhere"), 1)


def test_jobs_say_whom_they_write_to(oneoff, client):
    made = oneoff(
        "jobs", "create", "--name", "j", "--script", "true", "--at", "+1h", "--notify", ANN
    )
    path = f"/api/jobs/{ended(made).strip()}"
    assert get(client, path)["data"]["notify_emails"] == ANN
    assert f"{ANN} (failure)" in ended(oneoff("jobs", "show", "j"))
    ended(oneoff("jobs", "edit", "j", "--notify", "none", "--notify-on", "always"))
    job = get(client, path)["data"]
    assert (job["notify_emails"], job["notify_on"]) == (None, "always")


def test_mails_are_listed_and_those_that_failed_sent_again(oneoff, client):
    client.put(
        "/api/settings/smtp",
        json={"server": "127.0.0.1", "port": free_port(), "from": "jobs@example.com"},
    )
    end(a_job(name="nightly"), "failed")
    listed = ended(oneoff("emails", "list", "--status", "pending"))
    assert "[OneOff] Failed: nightly" in listed
    waiting = oneoff("emails", "retry", mails()[0].id)
    ended(waiting, 1)
    assert "only an e-mail that failed" in waiting.stderr
    assert "There are no such e-mails" in oneoff("emails", "list", "--status", "failed").stderr
