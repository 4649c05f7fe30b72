"""E-mail and time zones over HTTP."""

import pytest

from app.domain.schedules.zones import zone_names
from app.services.notifications import server
from app.settings import Settings
from tests.support.mail_server import MailServer, free_port
from tests.support.mails import ANN, a_job, end, mails

SMTP, TEST = "/api/settings/smtp", "/api/settings/smtp/test"
BASE = {"server": "127.0.0.1", "security": "none", "from": "jobs@example.com"}
PASSWORD = "hush-hush-password"


@pytest.fixture(autouse=True)
def _forgotten():
    server.configure(Settings())
    yield
    server.configure(Settings())


def put(client, **values):
    answer = client.put(SMTP, json=values)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def new_job(client, **over):
    body = {"name": "j", "type": "shell", "config": {"script": "true"}, "scheduled_at": "now"}
    return client.post("/api/jobs", json=body | over)


def test_the_settings_are_shown_and_changed_without_the_password(client):
    before = client.get(SMTP).json["data"]
    assert (before["configured"], before["has_password"], before["locked"]) == (False, False, [])
    shown = put(client, **BASE, username="jobs", password=PASSWORD, alert_emails="a@b.de, A@b.de")
    assert (shown["configured"], shown["has_password"], shown["port"]) == (True, True, 25)
    assert shown["alert_emails"] == ["a@b.de"]
    answer = client.get(SMTP)
    assert answer.json["data"] == shown
    assert PASSWORD not in answer.text
    assert PASSWORD not in client.get("/api/system/config").text
    assert client.patch(SMTP, json={"username": None}).json["data"]["has_password"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sender": "a@b.de"}, "sender"),
        ({"port": "25"}, "port"),
        ({"port": 70000}, "port"),
        ({"security": "ssl"}, "security"),
        ({"from": "a@b"}, "from"),
        ({"timeout_seconds": "5"}, "timeout_seconds"),
        ({"timeout_seconds": 1000}, "timeout_seconds"),
        ({"alert_emails": 7}, "alert_emails"),
        ({"server": "x" * 300}, "server"),
    ],
)
def test_what_can_not_be_a_setting_is_refused_with_its_name(client, body, field):
    answer = client.put(SMTP, json=body)
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json["details"]] == [field]


def test_a_test_is_sent_at_once(client):
    with MailServer() as running:
        put(client, **BASE, port=running.port)
        told = client.post(TEST, json={"to": ANN})
        assert told.status_code == 200
        assert (told.json["data"]["status"], told.json["data"]["to"]) == ("sent", ANN)
        assert running.kept[0].recipients == [ANN]
        running.behave["rcpt"] = "550 no such user"
        told = client.post(TEST, json={"to": ANN}).json["data"]
        assert (told["status"], told["step"]) == ("failed", "recipient")
        assert "550 no such user" in told["error"]
    assert mails() == []


def test_a_test_says_which_step_failed_or_that_nothing_is_configured(client):
    assert client.post(TEST, json={"to": ANN}).status_code == 409
    put(client, **BASE, port=free_port())
    assert client.post(TEST, json={"to": ANN}).json["data"]["step"] == "connect"
    put(client, server="169.254.169.254", port=25)
    told = client.post(TEST, json={"to": ANN}).json["data"]
    assert "not allowed" in told["error"]
    answer = client.post(TEST, json={"to": f"{ANN}\r\nBcc: x@y.de"})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (400, "to")


def test_jobs_take_addresses_as_a_text_or_a_list(client):
    made = new_job(client, notify_emails=["ann@EXAMPLE.com", ANN, "bob@b.de"], notify_on="always")
    job = made.json["data"]
    assert (job["notify_emails"], job["notify_on"]) == (f"{ANN},bob@b.de", "always")
    path = f"/api/jobs/{new_job(client, scheduled_at='2040-01-01T00:00:00Z').json['data']['id']}"
    assert client.get(path).json["data"]["notify_emails"] is None
    assert client.get(path).json["data"]["notify_on"] == "failure"
    changed = client.patch(path, json={"notify_emails": f"{ANN}, bob@b.de"}).json["data"]
    assert changed["notify_emails"] == f"{ANN},bob@b.de"
    clone = client.post(f"{path}/clone", json={"scheduled_at": "2041-01-01T00:00:00Z"}).json["data"]
    assert clone["notify_emails"] == f"{ANN},bob@b.de"
    nothings: tuple[object, ...] = ("", None, [])
    for nothing in nothings:
        client.patch(path, json={"notify_emails": ANN})
        cleared = client.patch(path, json={"notify_emails": nothing}).json["data"]
        assert cleared["notify_emails"] is None


@pytest.mark.parametrize(
    "given",
    ["a@b", "x" * 300 + "@b.de", f"{ANN}\nBcc: x@y.de", f"Ann <{ANN}>", 7, [7], ["a@b.de"] * 21],
)
def test_addresses_that_can_not_be_are_refused_with_what_is_wrong_otherwise(client, given):
    answer = new_job(client, notify_emails=given, notify_on="sometimes")
    assert answer.status_code == 400
    fields = {fault["field"] for fault in answer.json["details"]}
    assert fields == {"notify_emails", "notify_on"}


def test_a_sync_keeps_addresses_and_sees_no_change_in_the_same(client):
    item = {"name": "j", "type": "shell", "config": {"script": "true"}, "external_id": "e1"}
    item |= {"schedule": {"type": "manual"}, "notify_emails": f"{ANN}, bob@b.de"}
    body = {"source": "there", "jobs": [item]}
    first = client.post("/api/jobs/sync", json=body)
    assert first.status_code == 200, first.text
    assert first.json["data"]["created"] == 1
    again = client.post("/api/jobs/sync", json=body)
    assert again.json["data"]["unchanged"] == 1


def test_mails_are_listed_filtered_and_sent_again(client):
    put(client, **BASE, port=free_port())
    one, other = a_job(), a_job()
    end(one, "failed", output_tail="words of the job")
    end(other, "failed")
    found = client.get("/api/emails").json
    assert (found["total"], [mail["job_id"] for mail in found["data"]][-1]) == (2, one)
    (mail,) = client.get("/api/emails", query_string={"job_id": one}).json["data"]
    assert (mail["to"], mail["status"], mail["kind"]) == (ANN, "pending", "failure")
    shown = client.get(f"/api/emails/{mail['id']}")
    assert shown.json["data"] == mail
    assert "words of the job" not in shown.text
    assert client.post(f"/api/emails/{mail['id']}/retry").status_code == 409
    assert client.get("/api/emails", query_string={"status": "sent"}).json["total"] == 0
    assert client.get("/api/emails", query_string={"status": "lost"}).status_code == 400
    assert client.get("/api/emails/nothing").status_code == 404


def test_the_time_zone_is_shown_and_changed(client):
    zone = client.get("/api/settings/timezone").json["data"]
    assert zone == {"name": "UTC", "iana": "UTC", "offset": "+00:00"}
    answer = client.put("/api/settings/timezone", json={"timezone": "Asia/Ho_Chi_Minh"})
    assert answer.json["data"]["offset"] == "+07:00"
    assert client.get("/api/settings/timezone").json["data"]["iana"] == "Asia/Ho_Chi_Minh"
    assert new_job(client).json["data"]["timezone"] == "Asia/Ho_Chi_Minh"
    refused = client.put("/api/settings/timezone", json={"timezone": "Asia/Saigonn"})
    assert refused.status_code == 400
    assert "Asia/Saigon" in refused.text


def test_all_time_zones_are_listed(client):
    found = client.get("/api/timezones").json["data"]
    assert [zone["iana"] for zone in found] == sorted(zone_names())
    assert {"name": "UTC", "iana": "UTC", "offset": "+00:00"} in found
