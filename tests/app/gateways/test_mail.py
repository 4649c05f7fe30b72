"""Handing mail in at real servers: good ones, and others."""

import ssl
import time
from contextlib import contextmanager

import pytest

from app.domain.mail.letters import Letter
from app.domain.outbound import OutboundPolicy
from app.gateways import addresses, letters, mail
from app.gateways.mail import Connection, MailFailed, MailServer
from tests.support import mail_server
from tests.support.certificates import make_certificate
from tests.support.mail_server import Silent, free_port
from tests.support.servers import missing

FROM, TO = "jobs@example.com", "ann@example.com"
LETTER = Letter("[OneOff] Thất bại: x", "plain ệ\n", "<p>rich ệ</p>")
USER, PASSWORD = "jobs", "correct horse"


def server(port, security="none", seconds=5.0, **over):
    return MailServer("127.0.0.1", port, security, FROM, OutboundPolicy(), seconds, **over)


def send(found, to=TO, letter=LETTER):
    with Connection(found) as connection:
        connection.send(to, letters.as_bytes(letter, FROM, to, "a1"))


def failure(found, to=TO):
    with pytest.raises(MailFailed) as caught:
        send(found, to)
    return caught.value


@pytest.fixture
def plain():
    with mail_server.MailServer() as running:
        yield running


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """The TLS side of a server called localhost, which the product trusts."""
    both = make_certificate(tmp_path, "localhost")
    if both is None:
        missing("openssl")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.crt"))
    addresses.trusted.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    yield context
    addresses.trusted.cache_clear()


@contextmanager
def as_localhost(**options):
    with mail_server.MailServer(**options) as running:
        yield running


def named(found, host="localhost"):
    return MailServer(host, *[getattr(found, n) for n in found.__slots__[1:]])


def test_a_mail_arrives_with_both_forms_and_its_headers(plain):
    send(server(plain.port))
    (got,) = plain.kept
    assert (got.sender, got.recipients) == (FROM, [TO])
    message = got.message
    assert message["Subject"] == LETTER.subject
    assert message["From"] == "OneOff <jobs@example.com>"
    assert message["To"] == TO
    assert message["Message-ID"] == "<a1@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime is not None
    assert message.get_content_type() == "multipart/alternative"
    assert got.part("plain").strip() == "plain ệ"
    assert got.part("html").strip() == "<p>rich ệ</p>"
    assert got.raw.isascii()


def test_several_mails_go_over_one_connection_also_after_one_that_was_refused(plain):
    with Connection(server(plain.port)) as connection:
        connection.send(TO, b"Subject: 1\r\n\r\n1\r\n")
        plain.behave["rcpt"] = "550 no such user"
        with pytest.raises(MailFailed):
            connection.send("nobody@example.com", b"Subject: 2\r\n\r\n2\r\n")
        plain.behave.clear()
        connection.renew()
        connection.send(TO, b"Subject: 3\r\n\r\n.3\r\n")
    assert [got.message["Subject"] for got in plain.kept] == ["1", "3"]
    assert plain.connections == 1


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_secured_connection_with_a_login(certificate, way):
    tls = {way: certificate}
    with as_localhost(**tls, login=(USER, PASSWORD)) as running:
        found = named(server(running.port, way, username=USER, password=PASSWORD))
        send(found)
        assert len(running.kept) == 1


def test_a_wrong_password_is_a_failure_of_the_login_and_never_told(certificate):
    with as_localhost(starttls=certificate, login=(USER, PASSWORD)) as running:
        found = named(server(running.port, "starttls", username=USER, password="wrong horse"))
        refused = failure(found)
    assert (refused.step, refused.is_of_server, refused.is_final) == ("login", True, False)
    assert "535" in str(refused)
    assert "wrong horse" not in str(refused)
    assert "wrong horse" not in repr(found.__class__.__name__)


@pytest.mark.parametrize("way", ["starttls", "tls"])
def test_a_certificate_of_another_name_is_refused_before_the_password_is_sent(certificate, way):
    with as_localhost(**{way: certificate}, login=(USER, PASSWORD)) as running:
        refused = failure(server(running.port, way, username=USER, password=PASSWORD))
    assert refused.step == "tls"
    assert "certificate is not accepted" in str(refused)


def test_a_server_without_starttls_gets_nothing(plain):
    refused = failure(server(plain.port, "starttls"))
    assert refused.step == "tls"
    assert plain.kept == []


@pytest.mark.parametrize(
    ("behave", "step", "is_final"),
    [
        ({"mail": "550 not you"}, "sender", False),
        ({"mail": "451 later"}, "sender", False),
        ({"rcpt": "550 no such user"}, "recipient", True),
        ({"rcpt": "451 greylisted"}, "recipient", False),
        ({"data": "554 spam"}, "message", True),
        ({"data": "452 full"}, "message", False),
        ({"rcpt": "421 closing"}, "connect", False),
        ({"data": "drop"}, "message", False),
    ],
)
def test_what_a_server_refuses_is_told_with_its_step(plain, behave, step, is_final):
    plain.behave |= behave
    refused = failure(server(plain.port))
    assert (refused.step, refused.is_final) == (step, is_final)
    said = next(iter(behave.values()))
    assert (said if said != "drop" else "broke off") in str(refused)


def test_a_password_that_a_server_repeats_is_masked(plain):
    plain.behave["mail"] = f"550 you said {PASSWORD}"
    refused = failure(server(plain.port, password=PASSWORD))
    assert str(refused) == "sender: the server answered 550 you said ***"


def test_nobody_listening_and_an_unknown_name_are_told():
    assert "cannot connect to 127.0.0.1" in str(failure(server(free_port())))
    found = named(server(25), "no-such-host.invalid")
    assert "can't be found" in str(failure(found))


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254"])
def test_metadata_services_are_not_connected_to(address):
    refused = failure(named(server(25), address))
    assert refused.step == "connect"
    assert "not allowed" in str(refused)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("greeting", [b"", b"220 " + b"x" * 1000])
def test_a_silent_and_a_dripping_server_are_left_in_time(security, greeting):
    with Silent(greeting) as silent:
        began = time.monotonic()
        refused = failure(server(silent.port, security, seconds=1.0))
        assert time.monotonic() - began < 20  # a dripping one would take minutes
        assert "no answer within 1 seconds" in str(refused)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_server_that_hangs_within_a_mail_is_left_in_time(plain, step):
    plain.behave[step] = "hang"
    refused = failure(server(plain.port, seconds=1.0))
    assert "no answer within 1 seconds" in str(refused)
    plain.behave.clear()


def test_no_name_of_this_machine_is_told_to_the_server(plain):
    with Connection(server(plain.port)) as connection:
        assert connection._client.local_hostname == "example.com"
    assert mail.Connection is Connection
