"""The door to other web addresses: what may be reached, and how a call ends."""

import contextlib
from dataclasses import replace
from ipaddress import ip_network

import pytest

from app.domain.outbound import OutboundPolicy
from app.gateways.http import CallFailed, Door
from tests.support.certificates import make_certificate
from tests.support.http_target import HttpTarget, answer, drips, hangs, redirect, resets, sends
from tests.support.servers import missing

HERE = Door(OutboundPolicy(), 5.0)
STRICT = Door(OutboundPolicy(reaches_private=False), 5.0)


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


def post(url, door=HERE, body=b"{}"):
    return door.post(url, {"X-Test": "yes", "User-Agent": "tests"}, body)


def test_a_body_is_sent_as_it_is_and_the_answers_beginning_comes_back(target):
    url = target.serve(answer(201, b"x" * 9000, (("Retry-After", "7"),)))
    found = post(f"{url}?q=ü", body="ü".encode())
    assert (found.status, found.body, found.retry_after) == (201, b"x" * 4096, "7")
    (seen,) = target.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/0?q=%C3%BC", "ü".encode())
    assert (seen.headers["x-test"], seen.headers["user-agent"]) == ("yes", "tests")
    assert seen.header_names.count("host") + seen.header_names.count("Host") == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers_and_nothing_else(target, status):
    inner = target.serve(answer())
    assert post(target.serve(redirect(status, inner))).status == status
    assert len(target.seen) == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_inner_addresses_in_every_spelling_are_refused_before_a_connection(target, host):
    with pytest.raises(CallFailed, match="target not allowed"):
        post(f"http://{host}:{target.port}/", STRICT)
    assert target.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/",
        "unix:/run/docker.sock",
        "http+unix://x/",
        "http://a@127.0.0.1/",
        "http://good.test#@127.0.0.1/",
        "http://good.test\\@127.0.0.1/",
        "http://good.test/\r\nX-Evil: 1",
        "http://[example.test]/",
        "//inner",
        "",
    ],
)
def test_other_addresses_are_not_allowed(url):
    with pytest.raises(CallFailed, match="address is not allowed"):
        post(url)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], ["fd00::1"]]
)
def test_all_addresses_of_a_name_are_checked(target, addresses):
    door = replace(STRICT, resolve=lambda _host, _port: addresses)
    with pytest.raises(CallFailed, match="target not allowed"):
        post(f"http://outside.test:{target.port}/", door)
    assert target.seen == []


def test_the_address_that_was_checked_is_the_one_connected_to(target):
    url, asked = target.serve(answer()), []

    def resolve(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    door = replace(HERE, resolve=resolve)
    assert post(url.replace("127.0.0.1", "name.test"), door).status == 200
    assert asked == [("name.test", target.port)]
    assert target.seen[0].headers["host"] == f"name.test:{target.port}"


def test_an_operator_may_open_a_private_network(target):
    policy = OutboundPolicy(allow=(ip_network("127.0.0.0/8"),), reaches_private=False)
    assert post(target.serve(answer()), Door(policy, 5.0)).status == 200


def test_the_products_own_parts_are_never_reached(target):
    url = target.serve(answer())
    for own in ("127.0.0.1", "broker.test"):
        policy = OutboundPolicy(own=((own, target.port),))
        door = Door(policy, 5.0, lambda *_: ["127.0.0.1"])
        with pytest.raises(CallFailed, match="part of this product"):
            post(url, door)


def test_proxies_of_the_environment_are_not_used(target, monkeypatch):
    url = target.serve(answer())
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(url).status == 200


@pytest.mark.parametrize(
    "handler",
    [hangs(), drips(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 500), sends(b"HTTP/1.1 200")],
)
def test_a_call_ends_when_its_time_is_over(target, handler):
    with pytest.raises(CallFailed, match=r"within 0.4 seconds|broke off|not valid HTTP"):
        post(target.serve(handler), replace(HERE, seconds=0.4))


def test_a_body_that_never_ends_changes_nothing_about_the_status(target):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    found = post(target.serve(drips(b"x" * 500, before=head)), replace(HERE, seconds=0.6))
    assert found.status == 200
    assert 0 < len(found.body) < 500


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (resets(), "broke off|not valid"),
        (sends(b""), "not valid"),
        (sends(b"SSH-2\r\n"), "not valid"),
    ],
)
def test_what_is_no_answer_is_named(target, handler, words):
    with pytest.raises(CallFailed, match=words):
        post(target.serve(handler))


def test_a_name_or_a_port_where_nobody_is(target):
    with pytest.raises(CallFailed, match="can't be found"):
        post("http://nobody.test/", replace(HERE, resolve=lambda *_: []))
    with contextlib.suppress(OSError), HttpTarget() as gone:
        port = gone.port
    with pytest.raises(CallFailed, match=r"cannot connect to 127\.0\.0\.1"):
        post(f"http://127.0.0.1:{port}/")


def test_a_certificate_of_its_own_making_is_not_accepted(tmp_path):
    made = make_certificate(tmp_path, "good.test")
    if made is None:
        missing("the openssl command")
    with HttpTarget(certificate=made) as target:
        url = target.url("/").replace("127.0.0.1", "good.test")
        with pytest.raises(CallFailed, match="certificate is not accepted"):
            post(url, replace(HERE, resolve=lambda *_: ["127.0.0.1"]))
        assert target.seen == []


class TestWholeAnswers:
    def test_without_a_body_it_is_asked_for(self, target):
        url = target.serve(answer(200, b"x" * 9000))
        found = HERE.fetch(url, 9000, {"Accept": "application/json"})
        assert (found.status, found.body) == (200, b"x" * 9000)
        (seen,) = target.seen
        assert (seen.method, seen.body, seen.headers["accept"]) == ("GET", b"", "application/json")
        assert "content-length" not in seen.headers

    def test_with_a_body_it_is_sent(self, target):
        found = HERE.fetch(target.serve(answer(201, b"yes")), 10, {}, b"a=b")
        assert (found.status, found.body) == (201, b"yes")
        assert (target.seen[0].method, target.seen[0].body) == ("POST", b"a=b")

    def test_too_much_is_nothing(self, target):
        with pytest.raises(CallFailed, match="more than 8999 bytes"):
            HERE.fetch(target.serve(answer(200, b"x" * 9000)), 8999, {})

    def test_a_part_is_nothing(self, target):
        cut = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nxxx")
        with pytest.raises(CallFailed):
            HERE.fetch(target.serve(cut), 9000, {})
