"""Where HTTP jobs may go: addresses, names and redirects, and what they carry there."""

from collections.abc import Iterator

import pytest

from app.domain.outbound import OutboundPolicy, parse_networks
from tests.support.http_target import HttpTarget, answer, redirect
from tests.workers.executors.http_runs import Around, Run, names, run_http

SECRETS = {
    "Authorization": "Bearer hush",
    "Cookie": "hush=1",
    "Proxy-Authorization": "hush",
    "X-Api-Key": "hush",
    "X-My-Token": "hush",
    "Client-Secret": "hush",
    "X-Auth": "hush",
}
EVERYWHERE = names({"first.test": ["127.0.0.1"], "second.test": ["127.0.0.1"]})
NO_LOOPBACK = Around(policy=OutboundPolicy(deny=parse_networks("127.0.0.0/8, ::1")))


@pytest.fixture(scope="module")
def target() -> Iterator[HttpTarget]:
    with HttpTarget() as server:
        yield server


def assert_refused(run: Run, target: HttpTarget, before: int = -1) -> None:
    """Expect that the product's rule stopped the call, at once and before any connection."""
    assert (run.outcome.verdict, run.outcome.exit_code) == ("failed", 1)
    assert run.outcome.error_code == "TARGET_NOT_ALLOWED"
    assert "requests must not go there" in str(run.outcome.error)
    assert "Attempt" not in run.system
    assert before in (-1, len(target.seen))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "localhost.",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ],
)
def test_loopback_is_reached_in_all_spellings_unless_it_is_denied(
    target: HttpTarget, host: str
) -> None:
    target.serve(answer(), "/here")
    url = target.url("/here", host=host)
    assert run_http(url).outcome.verdict == "completed"
    before = len(target.seen)
    assert_refused(run_http(url, NO_LOOPBACK, retry_count=3), target, before)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "0.0.0.0",
        "[::]",
        "[fe80::1]",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ],
)
def test_what_may_never_be_reached_is_refused(target: HttpTarget, host: str) -> None:
    assert_refused(run_http(f"http://{host}/latest", retry_count=3), target)


@pytest.mark.parametrize(
    "found",
    [["169.254.169.254"], ["127.0.0.1", "169.254.169.254"], ["127.0.0.1", "::ffff:a9fe:a9fe"]],
)
def test_a_name_is_refused_if_any_of_its_addresses_is(target: HttpTarget, found: list[str]) -> None:
    before = len(target.seen)
    around = Around(resolve=names({"name.test": found}))
    url = target.serve(answer()).replace("127.0.0.1", "name.test")
    assert_refused(run_http(url, around), target, before)


def test_the_address_that_was_checked_is_the_one_connected_to(target: HttpTarget) -> None:
    """The resolver is asked once, so a name that moves meanwhile leads nowhere else."""
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    url = target.serve(answer(200, b"here")).replace("127.0.0.1", "moving.test")
    run = run_http(url, Around(resolve=resolve))
    assert (run.body, asked) == ("here", ["moving.test"])
    assert target.seen[-1].headers["host"] == f"moving.test:{target.port}"


def test_the_next_address_is_tried_when_the_first_does_not_answer(target: HttpTarget) -> None:
    around = Around(resolve=names({"name.test": ["127.0.0.2", "::1", "127.0.0.1"]}))
    url = target.serve(answer(200, b"here")).replace("127.0.0.1", "name.test")
    assert run_http(url, around).body == "here"


def test_a_name_that_nobody_knows_is_a_failure_of_its_own() -> None:
    for resolve in (names({}), names({"name.test": []})):
        run = run_http("http://name.test/", Around(resolve=resolve))
        assert run.outcome.error_code == "DNS_FAILED"
        assert run.outcome.error == "HTTP request failed: the name name.test can't be found"


def test_the_products_own_broker_is_not_reached_by_address_nor_by_name(target: HttpTarget) -> None:
    url = target.serve(answer())
    book = names({"broker.test": ["127.0.0.1"], "alias.test": ["127.0.0.1"], "away.test": []})
    for own in ("127.0.0.1", "localhost", "broker.test"):
        policy = OutboundPolicy(
            allow=parse_networks("127.0.0.0/8"),
            own=((own, target.port), ("away.test", target.port)),
        )
        around = Around(policy=policy, resolve=book)
        for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "broker.test", "alias.test"):
            before = len(target.seen)
            run = run_http(url.replace("127.0.0.1", host), around)
            assert run.outcome.error_code == "TARGET_NOT_ALLOWED"
            assert "part of this product" in str(run.outcome.error)
            assert len(target.seen) == before


@pytest.mark.parametrize(
    ("status", "method", "arrives_as", "keeps_body"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", False),
        (301, "PUT", "PUT", True),
        (302, "DELETE", "DELETE", True),
        (307, "POST", "POST", True),
        (308, "PATCH", "PATCH", True),
        (302, "GET", "GET", False),
    ],
)
def test_a_redirect_changes_the_method_as_the_standard_says(
    target: HttpTarget, status: int, method: str, arrives_as: str, keeps_body: bool
) -> None:
    end = target.serve(answer(200, b"end"))
    start = target.serve(redirect(status, end))
    body = None if method in ("GET", "HEAD") else "sent"
    run = run_http(start, method=method, body=body, headers={"Content-Type": "text/x", "X-A": "b"})
    seen = target.seen[-1]
    assert run.outcome.verdict == "completed"
    assert seen.method == arrives_as
    assert seen.body == (b"sent" if keeps_body else b"")
    assert ("content-type" in seen.headers) == (keeps_body or method == arrives_as)
    assert seen.headers["x-a"] == "b"
    assert f"Redirected with status {status} to http://127.0.0.1:{target.port}.\n" in run.system
    assert run.text.count("Headers:") == 1


def test_redirects_may_be_relative(target: HttpTarget) -> None:
    target.serve(answer(200, b"end"), "/deep/end")
    target.serve(redirect(302, "end?a b#c"), "/deep/start")
    assert run_http(target.url("/deep/start")).body == "end"
    assert target.seen[-1].target == "/deep/end?a%20b"


def test_secrets_stay_with_the_host_they_were_meant_for(target: HttpTarget) -> None:
    end = target.serve(answer()).replace("127.0.0.1", "second.test")
    start = target.serve(redirect(307, end)).replace("127.0.0.1", "first.test")
    run = run_http(
        start, Around(resolve=EVERYWHERE), method="POST", body="x", headers=SECRETS | {"X-A": "b"}
    )
    first, second = target.seen[-2:]
    assert run.outcome.verdict == "completed"
    assert {name.lower() for name in SECRETS} < set(first.headers)
    assert "hush" not in str(second.headers)
    assert "idempotency-key" not in second.headers
    assert second.headers["host"] == f"second.test:{target.port}"
    assert second.headers["x-a"] == "b"


def test_secrets_do_not_come_back_by_a_second_redirect(target: HttpTarget) -> None:
    last = target.serve(answer()).replace("127.0.0.1", "first.test")
    middle = target.serve(redirect(302, last)).replace("127.0.0.1", "second.test")
    first = target.serve(redirect(302, middle)).replace("127.0.0.1", "first.test")
    run_http(first, Around(resolve=EVERYWHERE), headers=SECRETS)
    assert target.seen[-1].headers["host"] == f"first.test:{target.port}"
    assert "hush" not in str(target.seen[-1].headers)


def test_secrets_are_carried_on_the_same_host_and_cookies_of_answers_are_not(
    target: HttpTarget,
) -> None:
    end = target.serve(answer())
    headers = (("Location", end), ("Set-Cookie", "given=1"))
    run_http(target.serve(answer(302, b"", headers)), headers={"Authorization": "Bearer hush"})
    assert target.seen[-1].headers["authorization"] == "Bearer hush"
    assert "cookie" not in target.seen[-1].headers


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:hush@127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_no_proper_address_is_refused(
    target: HttpTarget, location: str, status: int
) -> None:
    run = run_http(target.serve(redirect(status, location)), retry_count=3)
    assert run.outcome.error_code == "REDIRECT_REFUSED"
    assert "hush" not in str(run.outcome.error)
    assert (run.text, run.system) == ("", "")


def test_each_hop_is_checked(target: HttpTarget) -> None:
    run = run_http(target.serve(redirect(302, "http://169.254.169.254/latest/meta-data/")))
    assert_refused(run, target)
    inner = target.serve(answer())
    start = target.serve(redirect(302, inner))
    with HttpTarget(host="::1") as outer:
        around = Around(policy=OutboundPolicy(deny=parse_networks("127.0.0.0/8")))
        assert_refused(run_http(outer.serve(redirect(302, start)), around), target)


def test_a_circle_ends(target: HttpTarget) -> None:
    before = len(target.seen)
    run = run_http(target.serve(redirect(302, "/circle"), "/circle"), retry_count=3)
    assert run.outcome.error_code == "TOO_MANY_REDIRECTS"
    assert len(target.seen) - before == 6
    run = run_http(target.url("/circle"), max_redirects=0)
    assert run.outcome.error_code == "TOO_MANY_REDIRECTS"
    assert len(target.seen) - before == 7


def test_a_redirect_may_be_the_answer(target: HttpTarget) -> None:
    run = run_http(target.serve(redirect(302, "/x")), follow_redirects=False)
    assert run.outcome.verdict == "completed"
    assert run.text.startswith("HTTP/1.1 302")
    run = run_http(target.serve(answer(302, b"nowhere")))
    assert (run.outcome.verdict, run.body) == ("completed", "nowhere")


def test_an_ipv6_address_is_reached() -> None:
    with HttpTarget(host="::1") as six:
        assert run_http(six.serve(answer(200, b"six"))).body == "six"
        assert six.seen[-1].headers["host"] == f"[::1]:{six.port}"


def test_the_machines_proxies_and_netrc_are_not_used(
    target: HttpTarget, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123
        file.write("machine 127.0.0.1 login me password hush\n")
    monkeypatch.setenv("NETRC", netrc)
    run = run_http(target.serve(answer(200, b"direct")))
    assert run.body == "direct"
    assert "authorization" not in target.seen[-1].headers
