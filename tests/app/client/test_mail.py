"""E-mail and time zones through the client."""

import pytest

from app import db
from app.client import Client, Conflict, Invalid
from app.services.notifications import sending, server
from app.settings import Settings
from tests.support.mail_server import free_port
from tests.support.mails import ANN, a_job, end

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def oneoff(api_url):
    """A client, and e-mail as it is before anybody has set it."""
    server.configure(Settings())
    with Client(api_url) as client:
        yield client
    server.configure(Settings())


def test_the_settings_are_read_changed_and_tried(oneoff):
    part = oneoff.settings
    assert not part.smtp().configured
    fields = {"server": "127.0.0.1", "port": free_port(), "from": "jobs@example.com"}
    shown = part.update_smtp(**fields, password="hush", alert_emails=[ANN])
    assert (shown.sender, shown.has_password, shown.alert_emails) == (fields["from"], True, [ANN])
    trial = part.test_smtp(ANN)
    assert (trial.status, trial.step) == ("failed", "connect")
    with pytest.raises(Invalid, match="port"):
        part.update_smtp(port=70_000)
    assert part.timezone().iana == "UTC"
    assert part.set_timezone("Asia/Tokyo").offset == "+09:00"
    assert "Asia/Tokyo" in {zone.iana for zone in part.timezones()}


def test_mails_are_listed_and_sent_again(oneoff):
    oneoff.settings.update_smtp(**{"server": "127.0.0.1", "from": "jobs@example.com"})
    job = a_job()
    end(job, "failed")
    (mail,) = oneoff.emails.list(job_id=job)
    assert oneoff.emails.get(mail.id).to == ANN
    with pytest.raises(Conflict):
        oneoff.emails.retry(mail.id)
    with db.transaction() as session:
        sending.fail_pending(session, "gone")
    assert oneoff.emails.retry(mail.id).status == "pending"
