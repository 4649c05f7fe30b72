"""Jobs kept as a list at an address has them, from the command line."""

import json

import pytest

from tests.app.cli.test_jobs import ended
from tests.support.api import get, make, wish
from tests.support.http_target import HttpTarget, answer, redirect, resets, sends, unused_port

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECRET = "tok3n-that-nobody-may-see"


@pytest.fixture
def backend():
    with HttpTarget() as target:
        yield target


def serve(backend, items, path="/jobs"):
    text = items if isinstance(items, bytes) else json.dumps(items).encode()
    return backend.serve(answer(200, text), path)


def definition(external_id, **over):
    return wish(external_id=external_id, name=f"job {external_id}", **over)


def names(client):
    return {job["external_id"] for job in get(client, "/api/jobs")["data"]}


@pytest.mark.parametrize("wrap", [list, lambda items: {"jobs": items}])
def test_a_list_is_fetched_and_followed(oneoff, client, backend, wrap):
    url = serve(backend, wrap([definition("a"), definition("b")]))
    done = oneoff("jobs", "sync", url)
    assert [line.split() for line in ended(done).splitlines()] == [
        ["created", "a"],
        ["created", "b"],
    ]
    assert "created 2, updated 0, unchanged 0, deleted 0, refused 0" in done.stderr
    again = oneoff("jobs", "sync", url)
    assert (ended(again), "unchanged 2" in again.stderr) == ("", True)
    assert names(client) == {"a", "b"}


def test_refused_items_are_told_and_the_exit_code_says_so(oneoff, client, backend):
    url = serve(backend, [definition("a"), definition("b", priority=99)])
    done = oneoff("jobs", "sync", url)
    assert "priority must be between 1 and 10" in ended(done, 1)
    assert names(client) == {"a"}
    shown = json.loads(ended(oneoff("jobs", "sync", url, "--json"), 1))
    assert (shown["unchanged"], shown["refused"]) == (1, 1)


def test_prune_asks_first_and_a_rehearsal_deletes_nothing(oneoff, client, backend):
    make(client, external_id="by hand")
    url = serve(backend, [definition("a"), definition("b")])
    ended(oneoff("jobs", "sync", url))
    serve(backend, [definition("a")])
    done = oneoff("jobs", "sync", url, "--prune")
    ended(done, 2)
    assert "--yes" in done.stderr
    told = oneoff("jobs", "sync", url, "--prune", "--dry-run")
    assert ended(told).split() == ["deleted", "b"]
    assert "would be created 0" in told.stderr
    assert names(client) == {"a", "b", "by hand"}
    assert ended(oneoff("jobs", "sync", url, "--prune", "--yes")).split() == ["deleted", "b"]
    assert names(client) == {"a", "by hand"}


def test_the_address_names_the_list_without_what_is_secret_in_it(oneoff, client, backend):
    serve(backend, [definition("a")])
    url = backend.url("/jobs").replace("//", f"//user:{SECRET}@") + f"?token={SECRET}"
    done = oneoff("jobs", "sync", url)
    assert SECRET not in ended(done) + done.stderr
    serve(backend, [])
    plain = backend.url("/jobs")
    assert ended(oneoff("jobs", "sync", plain, "--prune", "--yes")).split() == ["deleted", "a"]


def test_a_token_goes_to_the_list_and_nowhere_else(oneoff, client, backend, tmp_path):
    (tmp_path / "headers").write_text(f"Authorization: Bearer {SECRET}\n\nX-Team: shop\n")
    url = serve(backend, [definition("a", priority=99)])
    words = ("jobs", "sync", url, "--header-file", "headers")
    shown = [oneoff(*words), oneoff(*words, "--json")]
    backend.serve(answer(403, SECRET.encode()), "/jobs")
    shown.append(oneoff(*words))
    ended(shown[-1], 1)
    assert "answers 403" in shown[-1].stderr
    backend.serve(resets(), "/jobs")
    shown.append(oneoff(*words))
    ended(shown[-1], 1)
    assert all(SECRET not in one.stdout + one.stderr for one in shown)
    assert backend.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    assert backend.seen[0].headers["x-team"] == "shop"


@pytest.mark.parametrize(
    "text", [SECRET, f"{SECRET} : x", f"X-A: {SECRET}ü", f"X A\u0001: {SECRET}", f": {SECRET}"]
)
def test_a_file_of_headers_that_is_none_is_refused_without_showing_it(
    oneoff, client, backend, tmp_path, text
):
    (tmp_path / "headers").write_text(text + "\n")
    url = serve(backend, [definition("a")])
    done = oneoff("jobs", "sync", url, "--header-file", "headers")
    assert ended(done, 2) == ""
    assert "must be 'Name: value'" in done.stderr
    assert names(client) == set()
    assert SECRET not in done.stderr
    assert backend.seen == []


_HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[" + json.dumps(wish()).encode()
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n"
_ZIPPED = (("Content-Encoding", "gzip"),)


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        (sends(_HALF), "can't be read"),
        (sends(_CHUNKED), "can't be read"),
        (resets(_HALF), "can't be read"),
        (resets(), "can't be read"),
        (sends(b"SSH-2.0\r\n"), "can't be read"),
        (answer(500, b"[]"), "answers 500"),
        (answer(204), "answers 204"),
        (redirect(302, "http://127.0.0.1:1/"), "answers 302"),
        (answer(200, b"<html>"), "malformed JSON"),
        (answer(200, b""), "malformed JSON"),
        (answer(200, b"\xff\xfe"), "not UTF-8"),
        (answer(200, b"no gzip", _ZIPPED), "can't be read"),
        (answer(200, b'{"items": []}'), "must be a JSON list"),
        (answer(200, b"7"), "must be a JSON list"),
        (answer(200, b"[" * 100 + b"]" * 100), "64 levels"),
        (answer(200, b"[" + b" " * 64 * 1024**2 + b"]"), "larger than 64 MiB"),
    ],
)
def test_a_list_that_can_not_be_read_whole_changes_nothing(oneoff, client, backend, handler, says):
    url = serve(backend, [definition("a")])
    ended(oneoff("jobs", "sync", url))
    backend.serve(handler, "/jobs")
    done = oneoff("jobs", "sync", url, "--prune", "--yes")
    assert done.returncode in {1, 2}
    assert done.stdout == ""
    assert says in done.stderr
    assert names(client) == {"a"}


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:PORT/", "ftp://x/", "jobs.json", "http://", "http://[/"]
)
def test_an_address_that_leads_nowhere_is_told(oneoff, client, url):
    done = oneoff("jobs", "sync", url.replace("PORT", str(unused_port())))
    assert done.returncode in {1, 2}
    assert done.stdout == ""


@pytest.mark.parametrize("place", ["127.0.0.1:x", "127.0.0.1:1", "a b", "\u2100.example"])
def test_an_address_that_is_none_is_not_repeated_with_its_secrets(oneoff, client, place):
    done = oneoff("jobs", "sync", f"http://user:{SECRET}@{place}/?token={SECRET}")
    assert done.returncode in {1, 2}
    assert SECRET not in done.stdout + done.stderr


def test_definitions_in_the_words_of_another_scheduler(oneoff, client, backend):
    theirs = {"Id": "n", "TriggerEndpoint": "http://10.0.0.1/run", "AutoStart": False}
    ended(oneoff("jobs", "sync", serve(backend, [theirs])))
    (job,) = get(client, "/api/jobs")["data"]
    assert (job["type"], job["status"], job["schedule"]["type"]) == ("http", "paused", "manual")
