"""The page as the server hands it out: which file, how long it is kept, in which form."""

import gzip
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import web
from app.factory import create_app
from app.settings import Settings

INDEX = b"<!doctype html><title>OneOff</title>"
SCRIPT = b"export default 1;\n" * 100
YEAR = 365 * 24 * 3600


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where the page would be; empty."""
    monkeypatch.setattr(web, "FOLDER", tmp_path / "page")
    web.is_built.cache_clear()
    yield tmp_path / "page"
    web.is_built.cache_clear()


class Reader(FlaskClient):
    """A client that reads each answer whole, which closes the file it comes from."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, buffered=True, **kwargs)


@pytest.fixture
def bare(folder):
    """A client of a server without a page. No request here asks the database."""
    app = create_app(Settings())
    return Reader(app, app.response_class)


@pytest.fixture
def page(folder, bare):
    """A client of a server with a page."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "sources.sha256").write_bytes(b"1")
    (folder / "theme.js").write_bytes(SCRIPT)
    (folder / "assets" / "a-1.js").write_bytes(SCRIPT)
    (folder / "assets" / "a-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "a-1.js.br").write_bytes(b"as if by brotli")
    (folder / "assets" / "b-2.js").write_bytes(SCRIPT)
    (folder.parent / "secret.txt").write_text("secret")
    return bare


@pytest.mark.parametrize(
    "place", ["/", "/jobs", "/jobs/abc/edit", "/executions?status=failed", "/overview", "/welcome"]
)
def test_every_place_of_the_page_is_the_page_and_never_kept(page, place):
    answer = page.get(place)
    assert (answer.status_code, answer.data) == (200, INDEX)
    assert answer.mimetype == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_an_asset_is_kept_for_a_year(page):
    control = page.get("/assets/a-1.js").cache_control
    assert (control.max_age, control.immutable) == (YEAR, True)


def test_a_file_that_keeps_its_name_is_kept_for_a_day(page):
    control = page.get("/theme.js").cache_control
    assert (control.max_age, control.immutable) == (YEAR // 365, False)


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        *[("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")],
        *[("", None), ("identity", None), ("zstd", None)],
    ],
)
def test_an_asset_comes_in_the_smallest_form_that_is_taken(page, accepts, encoding):
    answer = page.get("/assets/a-1.js", headers={"Accept-Encoding": accepts})
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.mimetype == "text/javascript"
    assert "Accept-Encoding" in answer.vary
    whole = {"br": b"as if by brotli", "gzip": gzip.compress(SCRIPT), None: SCRIPT}
    assert answer.data[10:] == whole[encoding][10:]


def test_what_has_no_smaller_form_comes_as_it_is(page):
    answer = page.get("/assets/b-2.js", headers={"Accept-Encoding": "gzip, br"})
    assert (answer.headers.get("Content-Encoding"), answer.data) == (None, SCRIPT)
    assert "Accept-Encoding" in answer.vary


@pytest.mark.parametrize(
    "place", ["/nonsense", "/jobsx", "/assets/c-3.js", "/assets/", "/index.html", "/sources.sha256"]
)
def test_an_unknown_place_is_answered_in_json(page, place):
    answer = page.get(place)
    assert answer.status_code == 404
    assert answer.mimetype == "application/json"
    assert answer.json["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "trick",
    [
        *["/assets/../index.html", "/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"],
        *["/assets/..%2f..%2fsecret.txt", "/assets//etc/passwd", "/assets/a%00.js"],
        *["/assets/..%5c..%5csecret.txt", "/assets/.%2e/index.html"],
    ],
)
def test_no_path_leads_out_of_the_folder(page, trick):
    answer = page.get(trick)
    assert answer.status_code in {308, 404}
    assert b"secret" not in answer.data
    assert answer.data != INDEX


def test_the_api_is_not_the_page(page):
    assert page.get("/api/nonsense").status_code == 404
    assert page.get("/api/nonsense").mimetype == "application/json"


def test_without_a_build_the_start_leads_to_the_api_document(bare):
    answer = bare.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    assert bare.get("/jobs").status_code == 404
    assert bare.get("/assets/a-1.js").status_code == 404


PERSON = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def test_a_person_is_told_by_the_page_that_nothing_lives_there(page):
    answer = page.get("/nowhere", headers=PERSON)
    assert (answer.status_code, answer.data) == (404, INDEX)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/nowhere", {}),
        ("/nowhere", {"Accept": "*/*"}),
        ("/api/nothing", PERSON),
        ("/api", PERSON),
        ("/assets/none.js", PERSON),
    ],
)
def test_programs_are_told_in_json(page, path, headers):
    answer = page.get(path, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_with_sign_in_a_stranger_is_told_the_same_and_nothing_of_the_api(folder, page):
    app = create_app(Settings(auth_enabled=True, broker_url="amqp://nowhere"))
    stranger = Reader(app, app.response_class)
    assert stranger.get("/nowhere", headers=PERSON).status_code == 404
    assert stranger.get("/api/nothing", headers=PERSON).status_code == 401
