"""The settings of e-mail: what this start gives, what is kept, and the password."""

import pytest
import sqlalchemy as sa

from app import db
from app.domain.errors import Conflict, Invalid
from app.gateways.mail import MailFailed
from app.models import SystemConfig
from app.services.notifications import server
from app.settings import Settings
from tests.support.mails import configured

PASSWORD = "hush-hush-password"
BASE = {"server": "mail.example.com", "from": "jobs@example.com", "username": "jobs"}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _forgotten():
    server.configure(Settings())
    yield
    server.configure(Settings())


def update(values, settings=None):
    with db.transaction() as session:
        return server.update(session, settings or Settings(), values)


def find(settings=None):
    with db.reading() as session:
        return server.find(session, settings or Settings())


def test_without_a_server_and_a_sender_e_mail_is_off():
    assert find() is None
    assert not update({"server": "mail.example.com"})["configured"]
    assert update({"from": "jobs@example.com"})["configured"]
    assert find().port == 587


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_security_unless_it_is_given(security, port):
    assert update(BASE | {"security": security})["port"] == port
    assert update({"port": 2525})["port"] == 2525
    assert update({"port": None})["port"] == port


def test_the_password_is_kept_encrypted_and_never_told():
    shown = update(BASE | {"password": PASSWORD})
    assert shown["has_password"]
    assert PASSWORD not in str(shown)
    with db.reading() as session:
        rows = session.execute(sa.select(SystemConfig.key, SystemConfig.value)).all()
    assert "smtp_password" in {row.key for row in rows}
    assert PASSWORD not in str(rows)
    assert find().password == PASSWORD


def test_a_password_stays_unless_it_is_given_and_goes_when_it_is_empty():
    update(BASE | {"password": PASSWORD})
    assert update({"username": "other"})["has_password"]
    assert not update({"password": None})["has_password"]
    update({"password": PASSWORD})
    assert not update({"password": ""})["has_password"]


def test_a_password_moved_from_elsewhere_is_not_sent():
    update(BASE | {"password": PASSWORD})
    with db.transaction() as session:
        session.get_one(SystemConfig, "smtp_password").value = '"v1:00000000:AAAA"'
    with pytest.raises(MailFailed, match="login: the password can't be read"):
        find()


def test_what_this_start_gives_wins_and_can_not_be_changed():
    update(BASE | {"password": PASSWORD})
    with configured(smtp_server="own.example.com", alert_emails=("a@b.de",)) as settings:
        found = find(settings)
        assert (found.host, found.username, found.password) == ("own.example.com", "", "")
        for name, value in (("server", "x.de"), ("password", "x"), ("username", "x"), ("port", 1)):
            with pytest.raises(Conflict, match=f"{name}: fixed by SMTP_SERVER"):
                update({name: value}, settings)
        with pytest.raises(Conflict, match="ALERT_EMAILS"):
            update({"alert_emails": "c@d.de"}, settings)
        assert update({"language": "vi"}, settings)["language"] == "vi"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"from": "a@b"}, "from"),
        ({"server": "mail example"}, "server"),
        ({"server": "a\r\nb"}, "server"),
        ({"timeout_seconds": 31}, "timeout_seconds"),
        ({"username": "a\nb"}, "username"),
        ({"alert_emails": "a@b"}, "alert_emails"),
        ({"security": "ssl"}, "security"),
    ],
)
def test_a_value_that_can_not_be_one_is_a_fault_of_its_field(values, field):
    with pytest.raises(Invalid) as caught:
        update(values)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_a_faulty_password_is_not_shown():
    with pytest.raises(Invalid) as caught:
        update({"password": "secret\nword"})
    assert "secret" not in str(caught.value.details)


def test_all_faults_are_told_at_once_and_nothing_is_kept():
    with pytest.raises(Invalid) as caught:
        update(BASE | {"from": "a@b", "security": "ssl"})
    assert len(caught.value.faults) == 2
    assert find() is None


def test_a_change_holds_in_this_process_at_once():
    with db.reading() as session:
        assert not server.known(session).is_on
    update(BASE)
    with db.reading() as session:
        assert server.known(session).is_on


def test_stored_values_that_no_release_could_have_written_switch_e_mail_off():
    update(BASE)
    with db.transaction() as session:
        session.get_one(SystemConfig, "smtp_from").value = '"nonsense"'
    server._forget()
    with db.reading() as session:
        assert not server.known(session).is_on
